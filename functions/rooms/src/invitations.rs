//! How people come into a room that not everybody may enter.

use parlour::function::http::{Reply, Request};
use parlour::ids::{ClientId, InvitationId, RoomId, UserId};
use parlour::invitation::Inviting;
use parlour::permission::Act;
use parlour::session::Session;
use parlour::store::Spender;
use parlour::wire::{self, Frame};
use parlour::{Result, time};

use crate::Rooms;

impl Rooms {
    pub(crate) async fn invite(&self, request: &Request, session: &Session, id: RoomId) -> Result<Reply> {
        let wanted: wire::NewInvitation = request.json()?;
        let client_id = ClientId::parse(&wanted.client_id)?;
        let user = wanted.user.as_deref().map(UserId::parse).transpose()?;
        let inviting = Inviting::parse(client_id, user, wanted.expires_in, wanted.uses)?;
        let now = time::now();
        let membership = self.store.membership(session, id).await?;
        let permit = membership.may(Act::Invite, now)?;
        self.store.spend(Spender::Invites(session.user().id), self.limits.invite).await?;
        let room = self.store.room(&membership).await?;
        let whom = match inviting.user {
            Some(user) => Some(self.store.user(user).await?),
            None => None,
        };
        let (invitation, is_new) = self.store.invite(&permit, &room, &inviting, whom.as_ref(), now).await?;
        let invitation = wire::Invitation::from(&invitation);
        if let Some(whom) = whom.filter(|_| is_new) {
            let sockets = self.store.open_sockets_of(whom.id, now).await?;
            self.tell(&sockets, &Frame::Invited { invitation: invitation.clone() }).await;
        }
        Ok(Reply::created(&invitation))
    }

    pub(crate) async fn invitations_to(&self, session: &Session, id: RoomId) -> Result<Reply> {
        let now = time::now();
        let membership = self.store.membership_to_oversee(session, id).await?;
        let permit = membership.may(Act::Oversee, now).or_else(|_| membership.may(Act::Invite, now))?;
        let room = self.store.room(&membership).await?;
        let found = self.store.invitations_to(&permit, &room, now).await?;
        Ok(Reply::ok(&wire::Invitations { invitations: found.iter().map(wire::Invitation::from).collect() }))
    }

    pub(crate) async fn invitations(&self, session: &Session) -> Result<Reply> {
        self.store.spend(Spender::Finds(session.user().id), self.limits.find).await?;
        let found = self.store.invitations_of(session, time::now()).await?;
        Ok(Reply::ok(&wire::Invitations { invitations: found.iter().map(wire::Invitation::from).collect() }))
    }

    pub(crate) async fn invitation(&self, session: &Session, id: &InvitationId) -> Result<Reply> {
        self.store.spend(Spender::Finds(session.user().id), self.limits.find).await?;
        let found = self.store.invitation(session, id, time::now()).await?;
        Ok(Reply::ok(&wire::Invitation::from(&found)))
    }

    pub(crate) async fn end_invitation(&self, session: &Session, id: &InvitationId) -> Result<Reply> {
        self.store.end_invitation(session, id, time::now()).await?;
        Ok(Reply::nothing())
    }

    pub(crate) async fn accept(&self, session: &Session, id: &InvitationId) -> Result<Reply> {
        self.store.spend(Spender::Joins(session.user().id), self.limits.join).await?;
        let (room, entered) = self.store.accept(session, id, time::now()).await?;
        if entered {
            self.tell_joined(session, room).await?;
        }
        Ok(Reply::ok(&self.room(session, room).await?))
    }
}
