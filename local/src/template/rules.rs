//! Time tables that are resources of their own: `AWS::Events::Rule` with a schedule, and `AWS::Scheduler::Schedule`.

use std::collections::BTreeMap;

use super::asynchronous::function_of;
use super::fields::Fields;
use super::raw_api::fields_of;
use super::schedule;
use super::scope::{Resource, Scope};
use super::yaml::{Mark, Node};
use crate::model::{Function, Schedule};

const RULE: &str = "AWS::Events::Rule";
const SCHEDULE: &str = "AWS::Scheduler::Schedule";

/// Whether a resource is a time table. A rule may wait for events instead, which nothing sends here.
pub(super) fn is_table(resource: &Resource) -> bool {
    resource.kind == SCHEDULE || resource.kind == RULE && resource.properties.get("ScheduleExpression").is_some()
}

/// Gives functions the time tables that invoke them.
pub(super) fn give(present: &[&Resource], functions: &mut BTreeMap<String, Function>, scope: &Scope<'_>) {
    for resource in present.iter().filter(|resource| is_table(resource)) {
        let Some(mut fields) = fields_of(resource, "schedule", scope) else { continue };
        let by_scheduler = resource.kind == SCHEDULE;
        let targets = if by_scheduler { fields.take("Target") } else { fields.take("Targets") };
        if !by_scheduler {
            fields.accept(&["EventBusName", "Tags"]);
            fields.warn("EventPattern", "nothing sends events locally; the schedule counts");
        }
        let (mark, whose) = (fields.mark, fields.whose.clone());
        let Some(read) = schedule::read(&resource.id, "ScheduleExpression", by_scheduler, fields) else { continue };
        let rule = scope.absent_reference(resource).ok();
        let targets = targets.as_ref().map_or(&[][..], |node| node.as_list().unwrap_or(std::slice::from_ref(node)));
        for node in targets {
            let Some((function, input)) = target(node, &whose, by_scheduler, mark, scope) else { continue };
            if let Some(function) = functions.get_mut(&function) {
                function.schedules.push(Schedule { rule: rule.clone(), input, ..read.clone() });
            }
        }
    }
}

/// The function that is invoked, and with what.
fn target(
    node: &Node,
    whose: &str,
    by_scheduler: bool,
    mark: Mark,
    scope: &Scope<'_>,
) -> Option<(String, Option<String>)> {
    let mut fields = Fields::of(node.clone(), format!("a target of {whose}"), scope.report);
    let arn = fields.any_text("Arn").or_else(|| fields.missing("Arn"))?;
    let Some(function) = function_of(&arn, scope) else {
        scope.report.warn(mark, format!("{whose} has a target that `local` does not play: {arn}"));
        return None;
    };
    let input = fields.text("Input");
    fields.accept(&["Id", "RoleArn"]);
    fields.warn("RetryPolicy", "a schedule's invocations are repeated as every asynchronous one");
    fields.warn("DeadLetterConfig", "a schedule has no dead-letter queue locally; its function can");
    if !by_scheduler {
        for key in ["InputPath", "InputTransformer"] {
            fields.refuse(key, "`local` gives the whole event, or Input");
        }
    }
    fields.finish();
    Some((function, input))
}
