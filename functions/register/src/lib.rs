//! `POST /register`: makes an account and signs its owner in.

use parlour::error::Conflict;
use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::guard::Guard;
use parlour::ids::ClientId;
use parlour::limits::{self, Limits};
use parlour::password::{self, Password};
use parlour::store::{Account, Spender, Store};
use parlour::token::Keys;
use parlour::user::Username;
use parlour::{Error, Result, time, wire};

/// Makes accounts.
pub struct Register {
    store: Store,
    keys: Keys,
    limits: Limits,
    cost: u32,
}

impl Function for Register {
    type Event = Request;
    type Answer = Reply;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self {
            store: settings.store().await?,
            keys: settings.keys()?,
            limits: settings.limits()?,
            cost: settings.bcrypt_cost()?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply> {
        let wanted: wire::Credentials = request.json()?;
        let name = Username::parse(&wanted.name)?;
        let password = Password::parse_new("password", &wanted.password, name.as_str())?;
        let client_id = wanted.client_id.as_deref().map(ClientId::parse).transpose()?;
        self.store.prepare().await?;
        let network = limits::network(&request.address());
        self.store.spend(Spender::Registers(&network), self.limits.register).await?;
        let hash = password::hash(password.clone(), self.cost).await?;
        let account = match self.store.register(&name, hash, client_id.as_ref(), time::now()).await? {
            Some(account) => account,
            None => self.made_before(&name, password, client_id, &request.address()).await?,
        };
        let (session, token) = self.store.sign_in(&account, request.device(), time::now()).await?;
        Ok(Reply::created(&wire::Session::new(&self.keys, &session, &token, time::now())?))
    }
}

impl Register {
    /// The account that an earlier request of the same kind has made. Anybody else finds the name taken.
    async fn made_before(
        &self,
        name: &Username,
        password: Password,
        client_id: Option<ClientId>,
        address: &str,
    ) -> Result<Account> {
        let taken = Error::Conflict(Conflict::NameTaken);
        let account = self.store.account(name).await?.filter(|account| {
            client_id.is_some() && account.client_id.as_deref() == client_id.as_ref().map(ClientId::as_str)
        });
        if account.is_none() {
            return Err(taken);
        }
        // It is a guess like any other, until it is right.
        let Self { store, limits, cost, .. } = self;
        let guard = Guard { store, limits, cost: *cost };
        guard.sign_in(name.as_str(), password, address).await.map_err(|error| match error {
            Error::Unauthenticated(_) => taken,
            error => error,
        })
    }
}
