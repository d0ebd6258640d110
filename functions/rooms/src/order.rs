//! What those ask who keep order in a room.

use std::time::Duration;

use parlour::function::http::{Reply, Request};
use parlour::ids::UserId;
use parlour::moderation::Moderation;
use parlour::room::{BanReason, Mute, Role};
use parlour::text::{Invalid, Rule};
use parlour::time::{self, Timestamp};
use parlour::{Error, Result, wire};

/// The longest that something is laid on somebody without having to be lifted.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Does what a route asks for.
pub(crate) async fn keep(route: &str, request: &Request, order: &Moderation<'_>) -> Result<Reply> {
    let user = || request.user_in_path();
    match route {
        "PUT /rooms/{room}/members/{user}/role" => {
            let asked: wire::NewRole = request.json()?;
            let role = Role::from(asked.role);
            if role == Role::Owner {
                return Err(Invalid::new("role", Rule::Unknown).into());
            }
            Ok(Reply::ok(&order.appoint(user()?, role).await?))
        }
        "PUT /rooms/{room}/owner" => {
            let asked: wire::NewOwner = request.json()?;
            Ok(Reply::ok(&order.transfer(UserId::parse(&asked.user)?).await?))
        }
        "PUT /rooms/{room}/members/{user}/mute" => {
            let asked: wire::NewMute = request.json()?;
            order.mute(user()?, Some(Mute { until: until(asked.until)? })).await?;
            Ok(Reply::nothing())
        }
        "DELETE /rooms/{room}/members/{user}/mute" => {
            order.mute(user()?, None).await?;
            Ok(Reply::nothing())
        }
        "DELETE /rooms/{room}/members/{user}" => {
            order.kick(user()?).await?;
            Ok(Reply::nothing())
        }
        "GET /rooms/{room}/bans" => {
            let limit = request.limit(100, 200)?;
            let after = request.query("after").map(|id| UserId::parse(&id)).transpose()?;
            let (bans, more) = order.bans(after, limit).await?;
            Ok(Reply::ok(&wire::Bans { bans: bans.iter().map(wire::Ban::from).collect(), more }))
        }
        "PUT /rooms/{room}/bans/{user}" => {
            let asked: wire::NewBan = request.json()?;
            let reason = asked.reason.as_deref().map(BanReason::parse).transpose()?;
            let ban = order.ban(user()?, until(asked.until)?, reason).await?;
            Ok(Reply::ok(&wire::Ban::from(&ban)))
        }
        "DELETE /rooms/{room}/bans/{user}" => {
            order.unban(user()?).await?;
            Ok(Reply::nothing())
        }
        _ => Err(Error::NotFound),
    }
}

/// The end of a mute or a ban: a moment to come, and not so far that it might as well be for ever.
fn until(asked: Option<i64>) -> Result<Option<Timestamp>, Invalid> {
    let now = time::now();
    let bound = |time: Timestamp| usize::try_from(time.millis()).unwrap_or(usize::MAX);
    match asked.map(Timestamp::from_millis) {
        Some(until) if until <= now => Err(Invalid::bounded("until", Rule::TooSmall, bound(now))),
        Some(until) if until > now.plus(LONGEST) => {
            Err(Invalid::bounded("until", Rule::TooLarge, bound(now.plus(LONGEST))))
        }
        until => Ok(until),
    }
}
