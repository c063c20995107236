//! AWS's partitions: separate clouds with ARNs and addresses of their own.

/// The partition of a region, as AWS names its regions.
///
/// ```
/// assert_eq!(appflow_registrar::partition::of_region("cn-north-1"), "aws-cn");
/// ```
#[must_use]
pub fn of_region(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// The address of AppFlow's console; none where its address is not public.
#[must_use]
pub fn appflow_console(region: &str) -> Option<String> {
    let host = match of_region(region) {
        "aws" => format!("{region}.console.aws.amazon.com"),
        "aws-cn" => format!("{region}.console.amazonaws.cn"),
        // One host for both of its regions.
        "aws-us-gov" => "console.amazonaws-us-gov.com".to_owned(),
        _ => return None,
    };
    Some(format!("https://{host}/appflow/home?region={region}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_clouds_apart() {
        for (region, partition) in [
            ("eu-west-1", "aws"),
            ("us-east-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
        ] {
            assert_eq!(of_region(region), partition, "{region}");
        }
    }

    #[test]
    fn leads_to_the_console_of_the_partition() {
        for (region, begin) in [
            ("eu-west-1", "https://eu-west-1.console.aws.amazon.com/appflow/"),
            ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/appflow/"),
            ("us-gov-east-1", "https://console.amazonaws-us-gov.com/appflow/"),
        ] {
            let url = appflow_console(region).unwrap();
            assert!(url.starts_with(begin) && url.ends_with(&format!("region={region}")), "{url}");
        }
        assert_eq!(appflow_console("us-iso-east-1"), None);
    }
}
