//! The run as its own commands find it.

use std::path::Path;

use tokio::net::TcpListener;

use crate::control::{self, About, Claim};
use crate::progress::Progress;
use crate::project::{Project, shown};
use crate::serve::Running;
use crate::time;

/// Makes this run the one that commands find. A run that they do not find is none the worse for it.
pub(super) fn claim(data: &Path, progress: &Progress) -> Option<Claim> {
    let told = match Claim::take(data) {
        Ok(Some(claim)) => return Some(claim),
        Ok(None) => format!(
            "another `local` uses {}: commands such as `local logs` reach that one; give this one --data",
            shown(data).display()
        ),
        Err(error) => format!("commands such as `local logs` do not find this run: {error:#}"),
    };
    progress.warn(told);
    None
}

/// Lets commands and the status page in.
pub(super) fn open_control(
    running: &mut Running,
    project: &Project,
    (claim, listener): (Option<Claim>, TcpListener),
    progress: &Progress,
) -> anyhow::Result<Option<Claim>> {
    let own = claim.as_ref().map(|claim| claim.token().to_owned());
    let about = About {
        version: env!("CARGO_PKG_VERSION"),
        process: std::process::id(),
        template: std::path::absolute(&project.template)?.display().to_string(),
        started_at: time::iso(time::now_ms()),
        control: format!("http://{}", listener.local_addr()?),
        token: own.map_or_else(control::token, Ok)?,
    };
    progress.say("status", format!("{}/#{}", about.control, about.token));
    if let Some(claim) = &claim {
        claim.announce(&about.control)?;
    }
    running.control(listener, about);
    Ok(claim)
}
