//! Who may sign in: whoever knows the password, at the pace of a person. See `limits` for what is counted, and `store::failures` for how.

use futures_util::try_join;

use crate::error::Unauthenticated;
use crate::limits::{Limits, Origin, network};
use crate::password::{self, Password};
use crate::permission::Refusal;
use crate::session::Session;
use crate::store::{Account, Guesser, Store};
use crate::user::Username;
use crate::{Error, Result, text};

/// What it takes to look at a password.
pub struct Guard<'a> {
    /// Where failures are counted.
    pub store: &'a Store,
    /// How many are forgiven.
    pub limits: &'a Limits,
    /// bcrypt's cost.
    pub cost: u32,
}

impl Guard<'_> {
    /// The account with that name, if that is its password. A name that nobody has is as good as one with another password, in the answer and in
    /// the time it takes; so is one that nobody can have.
    pub async fn sign_in(&self, name: &str, password: Password, address: &str) -> Result<Account> {
        let (name, account) = match Username::parse(name) {
            Ok(name) => (name.key(), self.store.account(&name).await?),
            Err(_) => (String::new(), None),
        };
        let place = network(address);
        let origin = self.origin(&name, account.as_ref(), &place).await?;
        let hash = account.as_ref().map(|account| account.password.clone());
        let spraying = (origin != Origin::Known).then_some(Guesser::At(&place));
        self.attempt(&name, &place, origin, spraying, password, hash).await?;
        let account = account.ok_or(WRONG)?;
        // Who does not know the password does not learn it.
        if account.is_suspended { Err(Refusal::Suspended.into()) } else { Ok(account) }
    }

    /// Whether somebody who is signed in knows the password of their account as well.
    pub async fn confirm(&self, session: &Session, account: &Account, password: Password, address: &str) -> Result<()> {
        let (name, place) = (text::fold(&session.user().name), network(address));
        let origin = self.origin(&name, Some(account), &place).await?;
        // What others do where somebody is now does not keep them from changing a password.
        self.attempt(&name, &place, origin, None, password, Some(account.password.clone())).await
    }

    async fn origin(&self, name: &str, account: Option<&Account>, place: &str) -> Result<Origin> {
        let known = async {
            match account {
                Some(account) => self.store.is_known_at(account.user.id, place).await,
                None => Ok(false),
            }
        };
        Ok(match try_join!(known, self.store.is_besieged(name))? {
            (true, _) => Origin::Known,
            (false, true) => Origin::NewWhileBesieged,
            (false, false) => Origin::New,
        })
    }

    async fn attempt(
        &self,
        name: &str,
        network: &str,
        origin: Origin,
        spraying: Option<Guesser<'_>>,
        password: Password,
        hash: Option<String>,
    ) -> Result<()> {
        let pair = Guesser::Of { name, network };
        // The network first: one that has used up its tries leaves nothing behind with each further name.
        if let Some(network) = spraying {
            self.store.try_guess(network, self.limits.spraying()).await?;
        }
        let take_back = async || match spraying {
            Some(network) => self.store.take_back(network).await,
            None => Ok(()),
        };
        let tried = self.store.try_guess(pair, self.limits.guessing(origin)).await;
        if origin != Origin::Known {
            if tried.is_err() {
                take_back().await?;
                return tried;
            }
            self.store.count_towards_siege(name).await?;
        }
        tried?;
        if !password::matches(password, hash, self.cost).await? {
            return Err(WRONG);
        }
        if origin != Origin::Known {
            try_join!(take_back(), self.store.uncount_from_siege(name))?;
        }
        self.store.forgive(name, network).await
    }
}

/// A wrong name or a wrong password, or one that is no longer right because it was changed at the same moment.
pub const WRONG: Error = Error::Unauthenticated(Unauthenticated::Credentials);
