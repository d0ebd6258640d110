use std::path::Path;

use clap::Parser as _;

use super::*;
use crate::cli::Cli;
use crate::environment::Sources;
use crate::samconfig::SamConfig;
use crate::settings::Settings;
use crate::template::{Inputs, read};

#[test]
fn what_is_written_inline_has_no_folder_that_is_watched() {
    let root = Path::new("/project");
    let text = "Transform: AWS::Serverless-2016-10-31
Resources:
  Sam: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.12, Handler: index.handler, InlineCode: x } }
  Own: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.12, Handler: app.handler, CodeUri: own } }
  Raw:
    Type: AWS::Lambda::Function
    Properties: { Runtime: python3.12, Handler: index.handler, Code: { ZipFile: x }, Role: 'arn:aws:iam::1:role/r' }
";
    let loaded = read(text, Path::new("template.yaml"), root, &Inputs::default());
    let cloud = loaded.unwrap_or_else(|problems| panic!("{problems:?}")).cloud;
    assert_eq!(cloud.functions.len(), 3);
    let project = Project {
        template: root.join("template.yaml"),
        root: root.to_owned(),
        data: root.join(".local"),
        target: root.join("target"),
        settings: Settings::default(),
        sam: SamConfig::default(),
        sources: Sources::default(),
    };
    let options = Cli::parse_from(["local"]).up;
    let watched = watched(&project, &options, &cloud, &BTreeMap::new());
    assert_eq!(watched.code, BTreeMap::from([("Own".to_owned(), root.join("own"))]));
    assert!(watched.settings.contains(&root.join("template.yaml")), "their source is the template");
}
