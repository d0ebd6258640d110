//! `/sessions`, `POST /password` and `DELETE /account`: what somebody who is signed in does about that. `GET /users` finds people. And what an admin does about somebody else:
//! `/users/{user}/suspension`.

use std::time::Duration;

use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::gateway::Gateway;
use parlour::guard::{Guard, WRONG};
use parlour::ids::{SessionId, UserId};
use parlour::limits::Limits;
use parlour::password::{self, Password};
use parlour::session::Session;
use parlour::store::{Spender, Store};
use parlour::token::Keys;
use parlour::{Error, Result, erasure, presence, text, time, wire};
use tokio::time::Instant;

/// How long a deleted account's messages are made anonymous before the answer; what is left then is for `sweep`.
const ERASING: Duration = Duration::from_secs(5);

/// Looks after devices, passwords, and the end of accounts.
pub struct Account {
    store: Store,
    keys: Keys,
    gateway: Gateway,
    limits: Limits,
    cost: u32,
}

impl Function for Account {
    type Event = Request;
    type Answer = Reply;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self {
            store: settings.store().await?,
            keys: settings.keys()?,
            gateway: settings.gateway()?,
            limits: settings.limits()?,
            cost: settings.bcrypt_cost()?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply> {
        let session = request.session(&self.keys, &self.store).await?;
        match request.route().as_deref() {
            Some("GET /sessions") => self.devices(&session).await,
            Some("DELETE /sessions") => self.sign_out_others(&session).await,
            Some("DELETE /sessions/{session}") => self.sign_out(&session, request.session_in_path()?).await,
            Some("POST /password") => self.change_password(&request, &session).await,
            Some("GET /account") => self.profile(&session).await,
            Some("PUT /account/receipts") => self.show_receipts(&request, &session).await,
            Some("DELETE /account") => self.delete(&request, &session).await,
            Some("GET /users") => self.people(&request, &session).await,
            Some("PUT /users/{user}/suspension") => self.suspend(&session, request.user_in_path()?).await,
            Some("DELETE /users/{user}/suspension") => self.let_in_again(&session, request.user_in_path()?).await,
            _ => Err(Error::NotFound),
        }
    }
}

impl Account {
    async fn devices(&self, session: &Session) -> Result<Reply> {
        let sessions = self.store.sessions_of_mine(session, time::now()).await?;
        let sessions = sessions.iter().map(|one| wire::Device::new(one, session.id())).collect();
        Ok(Reply::ok(&wire::Sessions { sessions }))
    }

    async fn sign_out(&self, session: &Session, which: SessionId) -> Result<Reply> {
        self.store.end_session(session, which, time::now()).await?;
        presence::close(&self.store, &self.gateway, self.store.sockets_of(which).await?).await;
        Ok(Reply::nothing())
    }

    async fn sign_out_others(&self, session: &Session) -> Result<Reply> {
        self.end_sessions(session.user().id, Some(session.id())).await?;
        Ok(Reply::nothing())
    }

    async fn change_password(&self, request: &Request, session: &Session) -> Result<Reply> {
        let given: wire::NewPassword = request.json()?;
        let (old, new) =
            (Password::parse("old", &given.old)?, Password::parse_new("new", &given.new, &session.user().name)?);
        let account = self.store.account_of(session).await?;
        match self.guard().confirm(session, &account, old, &request.address()).await {
            Ok(()) => {
                let hash = password::hash(new, self.cost).await?;
                if !self.store.change_password(&account, hash, session).await? {
                    return Err(WRONG);
                }
            }
            // A repetition of the request that changed it, which may have died before it came to the sessions.
            Err(Error::Unauthenticated(_)) if account.changed_by == Some(session.id()) => {
                self.guard().confirm(session, &account, new, &request.address()).await?;
            }
            Err(error) => return Err(error),
        }
        self.end_sessions(session.user().id, Some(session.id())).await?;
        Ok(Reply::nothing())
    }

    async fn profile(&self, session: &Session) -> Result<Reply> {
        let receipts = self.store.shows_receipts(session.user().id).await?;
        Ok(Reply::ok(&wire::Profile { user: session.user().into(), receipts }))
    }

    async fn show_receipts(&self, request: &Request, session: &Session) -> Result<Reply> {
        let given: wire::Receipts = request.json()?;
        self.store.show_receipts(session, given.receipts).await?;
        Ok(Reply::nothing())
    }

    async fn delete(&self, request: &Request, session: &Session) -> Result<Reply> {
        let given: wire::Farewell = request.json()?;
        let erasing = match self.store.is_erasing(session).await? {
            Some(erasing) => erasing,
            None => {
                let password = Password::parse("password", &given.password)?;
                let account = self.store.account_of(session).await?;
                self.guard().confirm(session, &account, password, &request.address()).await?;
                self.store.delete_account(&account, time::now()).await?.ok_or(WRONG)?
            }
        };
        let ends = Instant::now() + ERASING;
        erasure::erase(&self.store, &self.gateway, erasing, Some(session.id()), ends).await?;
        Ok(Reply::nothing())
    }

    /// People whose name begins like that.
    async fn people(&self, request: &Request, session: &Session) -> Result<Reply> {
        let limit = request.limit(20, 50)?;
        let prefix = request.query("prefix").unwrap_or_default();
        text::bounded("prefix", &prefix, 1..=32)?;
        self.store.spend(Spender::Finds(session.user().id), self.limits.find).await?;
        let (users, more) = self.store.people_called(&prefix, limit).await?;
        Ok(Reply::ok(&wire::Users { users: users.iter().map(wire::User::from).collect(), more }))
    }

    async fn suspend(&self, session: &Session, user: UserId) -> Result<Reply> {
        let suspending = self.store.may_suspend(session, user).await?;
        self.store.suspend(suspending, time::now()).await?;
        self.end_sessions(user, None).await?;
        Ok(Reply::nothing())
    }

    async fn let_in_again(&self, session: &Session, user: UserId) -> Result<Reply> {
        self.store.let_in_again(self.store.may_suspend(session, user).await?).await?;
        Ok(Reply::nothing())
    }

    fn guard(&self) -> Guard<'_> {
        Guard { store: &self.store, limits: &self.limits, cost: self.cost }
    }

    /// Signs somebody out everywhere but there, and closes their sockets.
    async fn end_sessions(&self, user: UserId, except: Option<SessionId>) -> Result<()> {
        self.store.end_sessions(user, except, time::now()).await?;
        presence::close(&self.store, &self.gateway, self.store.sockets_of_person(user, except).await?).await;
        Ok(())
    }
}
