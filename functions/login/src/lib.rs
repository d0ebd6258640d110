//! `POST /login`, `POST /refresh` and `POST /logout`: the life of a session.

use parlour::error::Unauthenticated;
use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::gateway::Gateway;
use parlour::ids::SessionId;
use parlour::password::{self, Password};
use parlour::store::{Rotation, Store};
use parlour::token::Keys;
use parlour::user::Username;
use parlour::{Error, Result, presence, time, wire};

/// Begins, continues and ends sessions.
pub struct Login {
    store: Store,
    keys: Keys,
    gateway: Gateway,
    cost: u32,
}

impl Function for Login {
    type Event = Request;
    type Answer = Reply;

    async fn from_env(settings: &Settings) -> Result<Self> {
        let store = settings.store().await?;
        if let Err(error) = store.prepare().await {
            error.log();
        }
        Ok(Self { store, keys: settings.keys()?, gateway: settings.gateway()?, cost: settings.bcrypt_cost()? })
    }

    async fn handle(&self, request: Request) -> Result<Reply> {
        match request.route().as_deref() {
            Some("POST /login") => self.login(&request).await,
            Some("POST /refresh") => self.refresh(&request).await,
            Some("POST /logout") => self.logout(&request).await,
            _ => Err(Error::NotFound),
        }
    }
}

impl Login {
    async fn login(&self, request: &Request) -> Result<Reply> {
        let given: wire::Credentials = request.json()?;
        let refused = Error::Unauthenticated(Unauthenticated::Credentials);
        let password = Password::parse("password", &given.password)?;
        let account = match Username::parse(&given.name) {
            Ok(name) => self.store.account(&name).await?,
            Err(_) => None,
        };
        let hash = account.as_ref().map(|account| account.password.clone());
        if !password::matches(password, hash, self.cost).await? {
            return Err(refused);
        }
        let account = account.ok_or(refused)?;
        let (session, token) = self.store.sign_in(&account, request.device(), time::now()).await?;
        Ok(Reply::ok(&wire::Session::new(&self.keys, &session, &token, time::now())?))
    }

    async fn refresh(&self, request: &Request) -> Result<Reply> {
        let given: wire::Refresh = request.json()?;
        let token = self.keys.refresh_token(&given.refresh_token)?;
        let next = self.keys.next(&token);
        match self.store.rotate(&token, &next, &request.address(), time::now()).await? {
            Rotation::Done(session) => Ok(Reply::ok(&wire::Session::new(&self.keys, &session, &next, time::now())?)),
            Rotation::Ended(session) => {
                tracing::warn!(%session, "a refresh token came back after it was exchanged or its session had ended");
                self.close(session).await?;
                Err(Error::Unauthenticated(Unauthenticated::Session))
            }
        }
    }

    async fn logout(&self, request: &Request) -> Result<Reply> {
        let given: wire::Refresh = request.json()?;
        if let Ok(token) = self.keys.refresh_token(&given.refresh_token)
            && let Some(session) = self.store.sign_out(&token, time::now()).await?
        {
            self.close(session).await?;
        }
        Ok(Reply::nothing())
    }

    /// Closes the sockets of a session that has ended.
    async fn close(&self, session: SessionId) -> Result<()> {
        let sockets = self.store.sockets_of(session).await?;
        presence::close(&self.store, &self.gateway, sockets).await;
        Ok(())
    }
}
