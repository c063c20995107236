//! The table is complete, and the policies made of it are narrow.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

const PURPOSES: [Purpose; 5] = [Purpose::Plan, Purpose::Deploy, Purpose::Ask, Purpose::Unregister, Purpose::All];

fn names() -> Names {
    Names {
        partition: "aws".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        label: "acme".to_owned(),
        function: "appflow-connector-acme".to_owned(),
        role: Some("appflow-connector-acme-role".to_owned()),
        role_arn: "arn:aws:iam::123456789012:role/appflow-connector-acme-role".to_owned(),
    }
}

/// The actions of all calls in `aws/`, read from the sources: they are spelled there for error messages.
fn called() -> BTreeSet<String> {
    fn read(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            for literal in code.split('"') {
                let parts: Vec<_> = literal.split(':').collect();
                if let [service, call] = parts[..]
                    && ["sts", "iam", "lambda", "appflow", "logs", "s3"].contains(&service)
                    && call.starts_with(|first: char| first.is_ascii_uppercase())
                    && call.chars().all(|next| next.is_ascii_alphanumeric())
                {
                    found.insert(literal.to_owned());
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws"), &mut found);
    found
}

#[test]
fn names_every_action_that_is_called() {
    let called = called();
    assert!(called.len() > 25, "{called:?}");
    let known: BTreeSet<_> = NEEDS.iter().map(|need| need.action.to_owned()).collect();
    let missing: Vec<_> = called.difference(&known).collect();
    assert!(missing.is_empty(), "add to the table of permissions: {missing:?}");
    // What is not called is needed by what is: roles are passed on, and AppFlow writes secrets for the caller.
    let indirect: Vec<_> = known.difference(&called).collect();
    assert_eq!(indirect, ["iam:PassRole", "secretsmanager:CreateSecret", "secretsmanager:PutResourcePolicy"]);
}

#[test]
fn narrows_every_action_that_can_be_narrowed() {
    for purpose in PURPOSES {
        let document = document(purpose, &names());
        for statement in document["Statement"].as_array().unwrap() {
            let resources = statement["Resource"].as_array().unwrap();
            if statement["Sid"] == "Any" {
                let actions: Vec<_> =
                    statement["Action"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
                let open = [
                    "sts:GetCallerIdentity",
                    "appflow:RegisterConnector",
                    "appflow:CreateConnectorProfile",
                    "appflow:DescribeConnectorProfiles",
                    "lambda:ListFunctions",
                ];
                assert!(actions.iter().all(|action| open.contains(action)), "{actions:?}");
            } else {
                assert!(resources.iter().all(|arn| arn.as_str().unwrap().starts_with("arn:aws:")), "{statement}");
            }
        }
        // The limit of a managed policy.
        assert!(document.to_string().len() <= 6144, "{purpose:?}: {}", document.to_string().len());
    }
}

#[test]
fn writes_a_policy_that_an_administrator_can_read() {
    let document = document(Purpose::Plan, &names());
    insta::assert_snapshot!(format!("{document:#}"), @r#"
    {
      "Statement": [
        {
          "Action": [
            "appflow:DescribeConnectorProfiles",
            "sts:GetCallerIdentity"
          ],
          "Effect": "Allow",
          "Resource": [
            "*"
          ],
          "Sid": "Any"
        },
        {
          "Action": [
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:iam::123456789012:role/appflow-connector-acme-role"
          ],
          "Sid": "Role"
        },
        {
          "Action": [
            "lambda:GetFunction",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "lambda:InvokeFunction"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:lambda:eu-west-1:123456789012:function:appflow-connector-acme"
          ],
          "Sid": "Function"
        },
        {
          "Action": [
            "appflow:DescribeConnector"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:appflow:eu-west-1:123456789012:connector/acme"
          ],
          "Sid": "Connector"
        },
        {
          "Action": [
            "appflow:ListConnectors"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:appflow:eu-west-1:123456789012:connector/*"
          ],
          "Sid": "AnyConnector"
        }
      ],
      "Version": "2012-10-17"
    }
    "#);
}

#[test]
fn passes_roles_to_lambda_only_and_leaves_the_roles_of_others_alone() {
    let foreign = Names { role: None, role_arn: "arn:aws:iam::123456789012:role/team/theirs".to_owned(), ..names() };
    for names in [names(), foreign] {
        let document = document(Purpose::Deploy, &names);
        let statements = document["Statement"].as_array().unwrap();
        let passing = statements.iter().find(|one| one["Action"][0] == "iam:PassRole").unwrap();
        assert_eq!(passing["Condition"]["StringEquals"]["iam:PassedToService"], "lambda.amazonaws.com");
        assert_eq!(passing["Resource"][0], names.role_arn);
        let writes_roles = document.to_string().contains("iam:CreateRole");
        assert_eq!(writes_roles, names.role.is_some());
    }
    let unregister = document(Purpose::Unregister, &names()).to_string();
    assert!(unregister.contains("appflow:UnRegisterConnector"), "with a capital R: {unregister}");
}

#[test]
fn stands_in_the_documentation_as_it_is_here() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploying.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&markdown()), "put this into the section Permissions of docs/deploying.md:\n{}", markdown());
}
