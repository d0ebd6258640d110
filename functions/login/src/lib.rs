//! `POST /login`, `POST /refresh` and `POST /logout`: the life of a session.

use parlour::error::Unauthenticated;
use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::gateway::Gateway;
use parlour::guard::Guard;
use parlour::ids::SessionId;
use parlour::limits::Limits;
use parlour::password::{self, Password};
use parlour::store::{Account, Rotation, Store};
use parlour::token::Keys;
use parlour::{Error, Result, presence, time, wire};

/// Begins, continues and ends sessions.
pub struct Login {
    store: Store,
    keys: Keys,
    gateway: Gateway,
    limits: Limits,
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
        Ok(Self {
            store,
            keys: settings.keys()?,
            gateway: settings.gateway()?,
            limits: settings.limits()?,
            cost: settings.bcrypt_cost()?,
        })
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
        let password = Password::parse("password", &given.password)?;
        let guard = Guard { store: &self.store, limits: &self.limits, cost: self.cost };
        let account = guard.sign_in(&given.name, password.clone(), &request.address()).await?;
        let (session, token) = self.store.sign_in(&account, request.device(), time::now()).await?;
        if password::is_outdated(&account.password, self.cost) {
            self.rehash(&account, password).await;
        }
        Ok(Reply::ok(&wire::Session::new(&self.keys, &session, &token, time::now())?))
    }

    /// Hashes a password anew that was hashed when less was asked for. What fails is logged: the next sign-in tries again.
    async fn rehash(&self, account: &Account, password: Password) {
        let rehashed = async {
            let hash = password::hash(password, self.cost).await?;
            self.store.rehash(account, hash).await
        };
        if let Err(error) = rehashed.await {
            error.log();
        }
    }

    async fn refresh(&self, request: &Request) -> Result<Reply> {
        let given: wire::Refresh = request.json()?;
        let token = self.keys.refresh_token(&given.refresh_token)?;
        let next = self.keys.next(&token);
        match self.store.rotate(&token, &next, &request.address(), time::now()).await? {
            Rotation::Done(session, next) => {
                Ok(Reply::ok(&wire::Session::new(&self.keys, &session, &next, time::now())?))
            }
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
