//! What is no mistake and may still surprise: said at the start, and again whenever the template or what stands beside it is read.

use crate::cli::Up;
use crate::model::Cloud;
use crate::progress::Progress;
use crate::project::Project;

/// Warns of what runs otherwise than whoever wrote it may think.
pub(super) fn doubts(project: &Project, cloud: &Cloud, options: &Up, progress: &Progress) {
    let declared = |name: &&String| cloud.functions.values().any(|function| function.environment.contains_key(*name));
    for name in project.settings.environment.keys().filter(|name| !declared(name)) {
        progress.warn(format!(
            "local.toml: no function declares {name}, which stands under [environment], so that none gets it"
        ));
    }
    if options.iam {
        let doubts = cloud.roles.values().flat_map(|role| &role.doubts);
        doubts.for_each(|doubt| progress.warn(doubt));
    } else {
        for api in cloud.signed() {
            progress.warn(format!("`{api}` asks for signatures (AWS_IAM): without --iam everybody gets in"));
        }
    }
}
