//! `AWS::Lambda::Function`, as CloudFormation has it. Its code is where `aws cloudformation package` looks for what it uploads, or written inline.

use std::path::Path;

use super::asynchronous::dead_letters;
use super::fields::Fields;
use super::functions::common;
use super::raw_api::fields_of;
use super::runtime;
use super::scope::{Resource, Scope};
use super::yaml::{Content, Node};
use crate::model::{Asynchronous, Function};

/// Properties that change nothing for one function on a laptop.
const ACCEPTED: [&str; 12] = [
    "CodeSigningConfigArn",
    "Description",
    "EphemeralStorage",
    "KmsKeyArn",
    "LoggingConfig",
    "RecursiveLoop",
    "Role",
    "RuntimeManagementConfig",
    "SnapStart",
    "Tags",
    "TracingConfig",
    "VpcConfig",
];

/// What to write in place of code that is somewhere else.
const NAME_A_FOLDER: &str = "name the function's folder, as `aws cloudformation package` takes it";

/// Where the code of a function is.
enum Code {
    /// In a folder, relative to the template's.
    Folder(String),
    /// In the template.
    Inline(String),
}

/// Reads one function.
pub(super) fn read(resource: &Resource, scope: &Scope<'_>, folder: &Path) -> Option<Function> {
    let mut fields = fields_of(resource, "function", scope)?;
    let common = common(&mut fields, &resource.id);
    let code = code(&mut fields);
    if resource.properties.get("Role").is_none() {
        let _told: Option<()> = fields.missing("Role");
    }
    let asynchronous =
        Asynchronous { dead_letters: dead_letters(&mut fields, "DeadLetterConfig", scope), ..Asynchronous::default() };
    fields.refuse("InlineCode", "without SAM it is written as Code: { ZipFile: … }");
    fields.refuse("CodeUri", "without SAM it is written as Code");
    let mut managed = runtime::read(&mut fields, scope);
    let binary = runtime::binary(resource, managed.as_ref(), scope);
    fields.accept(&ACCEPTED);
    fields.warn("Layers", runtime::NO_LAYERS);
    let (mark, whose) = (fields.mark, fields.whose.clone());
    fields.finish();
    let code = match (code?, &mut managed) {
        (Code::Folder(code), _) => code,
        (Code::Inline(source), Some(managed)) => {
            managed.inline = Some(source);
            String::new()
        }
        (Code::Inline(_), None) => {
            scope
                .report
                .error(mark, format!("ZipFile of {whose}: a program cannot be written inline: {NAME_A_FOLDER}"));
            return None;
        }
    };
    Some(Function { code: folder.join(code), binary, asynchronous, managed, ..common })
}

fn code(fields: &mut Fields<'_>) -> Option<Code> {
    let node = fields.take("Code").or_else(|| fields.missing("Code"))?;
    if let Node { content: Content::Text(folder), mark } = &node {
        if folder.starts_with("s3://") {
            fields.report.error(*mark, format!("Code of {} is in a bucket: {NAME_A_FOLDER}", fields.whose));
            return None;
        }
        return Some(Code::Folder(folder.clone()));
    }
    let mut inner = Fields::of(node, format!("Code of {}", fields.whose), fields.report);
    let source = inner.text("ZipFile");
    for key in ["S3Bucket", "S3Key", "S3ObjectVersion"] {
        inner.refuse(key, &format!("what is in a bucket is not run: {NAME_A_FOLDER}"));
    }
    inner.refuse("ImageUri", "`local` runs no container images");
    inner.accept(&["SourceKMSKeyArn"]);
    inner.finish();
    source.map(Code::Inline)
}
