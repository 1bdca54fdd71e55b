//! The rules as a form, and what is read from one; and what a rule says, for people.

use std::collections::BTreeMap;

use fido_unlock::Shown;
use fido_unlock::desk::{
    AcceptedMethod, LimitRule, LimitRules, Rule, RuleChange, RuleRemark, RuleValue, Rules,
    VerificationMethod, Vouched,
};
use fido_unlock_texts::Texts;

use super::methods;

/// The longest text of a field, in characters.
const LONGEST: usize = 200;
/// The unit of a field's number, as it is called in a form, and its seconds; the largest first.
const UNITS: [(&str, u64); 4] = [
    ("days", 86_400),
    ("hours", 3_600),
    ("minutes", 60),
    ("seconds", 1),
];
/// The ending of the name of a field's unit.
const UNIT: &str = ".unit";

/// The rules in the order in which people read them, by the name of the group.
pub(super) const GROUPS: [(&str, &[Rule]); 6] = [
    (
        "calls",
        &[
            Rule::ReasonWanted,
            Rule::RequestSeconds,
            Rule::VerificationSeconds,
            Rule::ApprovalSeconds,
        ],
    ),
    ("verification", &[Rule::OrdinaryMethods, Rule::PrivilegedMethods]),
    (
        "limits",
        &[
            Rule::DeviceApprovalFrom,
            Rule::DeviceRefuseFrom,
            Rule::DeviceWindowSeconds,
            Rule::OperatorApprovalFrom,
            Rule::OperatorRefuseFrom,
            Rule::OperatorWindowSeconds,
            Rule::IssuerApprovalFrom,
            Rule::IssuerRefuseFrom,
            Rule::IssuerWindowSeconds,
        ],
    ),
    ("sign-in", &[Rule::SessionSeconds]),
    ("rests", &[Rule::RestSeconds, Rule::ChannelRestSeconds]),
    ("licence", &[Rule::LicenceContact]),
];

/// What stands in the form, by the names of its fields.
pub(super) type Fields = BTreeMap<String, String>;

/// A rule's name as texts know it.
pub(super) fn key(rule: Rule) -> String {
    rule.name().replace('.', "-")
}

/// What a rule is called.
pub(crate) fn title(t: &Texts, rule: Rule) -> String {
    t.settings_rule(key(rule))
}

fn field_of_method(rule: Rule, method: VerificationMethod) -> String {
    format!("{}.{}", rule.name(), method.name())
}

/// A number of seconds in its largest whole unit.
fn in_units(seconds: u64) -> (u64, &'static str) {
    let whole = UNITS
        .iter()
        .find(|(_, unit)| seconds >= *unit && seconds.is_multiple_of(*unit));
    whole.map_or((seconds, "seconds"), |(name, unit)| (seconds / unit, *name))
}

/// The fields that say these rules.
pub(super) fn fields(rules: &Rules) -> Fields {
    let mut fields = Fields::new();
    for rule in Rule::ALL.iter().copied() {
        let name = rule.name().to_owned();
        match rules.value(rule) {
            RuleValue::Switch(on) => drop(fields.insert(name, if on { "yes" } else { "no" }.into())),
            RuleValue::Codes(codes) => drop(fields.insert(name, codes.to_string())),
            RuleValue::Text(text) => drop(fields.insert(name, text)),
            RuleValue::Seconds(seconds) => {
                let (number, unit) = in_units(seconds);
                fields.insert(format!("{name}{UNIT}"), unit.into());
                fields.insert(name, number.to_string());
            }
            RuleValue::Methods(methods) => {
                for method in VerificationMethod::ALL {
                    let accepted = methods.iter().find(|accepted| accepted.method == method);
                    let word = accepted.map_or("", |accepted| accepted.at_least.name());
                    fields.insert(field_of_method(rule, method), word.into());
                }
            }
        }
    }
    fields
}

/// The rules that the fields say; or the first rule whose field says none. All of them must be there: a default may be
/// laxer than what was meant.
pub(super) fn read(fields: &Fields) -> Result<Rules, Rule> {
    let limit = |window, approval, refuse| {
        Ok(LimitRule {
            window_seconds: seconds(fields, window)?,
            approval_from: number(fields, approval)?,
            refuse_from: number(fields, refuse)?,
        })
    };
    Ok(Rules {
        ordinary_methods: accepted(fields, Rule::OrdinaryMethods)?,
        privileged_methods: accepted(fields, Rule::PrivilegedMethods)?,
        reason_wanted: match text(fields, Rule::ReasonWanted)? {
            "yes" => true,
            "no" => false,
            _ => return Err(Rule::ReasonWanted),
        },
        limits: LimitRules {
            device: limit(
                Rule::DeviceWindowSeconds,
                Rule::DeviceApprovalFrom,
                Rule::DeviceRefuseFrom,
            )?,
            operator: limit(
                Rule::OperatorWindowSeconds,
                Rule::OperatorApprovalFrom,
                Rule::OperatorRefuseFrom,
            )?,
            issuer: limit(
                Rule::IssuerWindowSeconds,
                Rule::IssuerApprovalFrom,
                Rule::IssuerRefuseFrom,
            )?,
        },
        request_seconds: seconds(fields, Rule::RequestSeconds)?,
        verification_seconds: seconds(fields, Rule::VerificationSeconds)?,
        approval_seconds: seconds(fields, Rule::ApprovalSeconds)?,
        session_seconds: seconds(fields, Rule::SessionSeconds)?,
        channel_rest_seconds: seconds(fields, Rule::ChannelRestSeconds)?,
        rest_seconds: seconds(fields, Rule::RestSeconds)?,
        licence_contact: contact(fields)?,
    })
}

fn text(fields: &Fields, rule: Rule) -> Result<&str, Rule> {
    let text = fields.get(rule.name()).ok_or(rule)?;
    Ok(text.trim())
}

fn number<N: std::str::FromStr>(fields: &Fields, rule: Rule) -> Result<N, Rule> {
    let text = text(fields, rule)?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(rule)
}

fn seconds(fields: &Fields, rule: Rule) -> Result<u64, Rule> {
    let count: u64 = number(fields, rule)?;
    let unit = fields.get(&format!("{}{UNIT}", rule.name())).ok_or(rule)?;
    let (_, unit) = UNITS.iter().find(|(name, _)| name == unit).ok_or(rule)?;
    count.checked_mul(*unit).ok_or(rule)
}

fn accepted(fields: &Fields, rule: Rule) -> Result<Vec<AcceptedMethod>, Rule> {
    let mut out = Vec::new();
    for method in VerificationMethod::ALL {
        let word = fields.get(&field_of_method(rule, method)).ok_or(rule)?;
        let at_least = match word.as_str() {
            "" => continue,
            word => [Vouched::Machine, Vouched::Operator]
                .into_iter()
                .find(|vouched| vouched.name() == word)
                .ok_or(rule)?,
        };
        out.push(AcceptedMethod { method, at_least });
    }
    Ok(out)
}

/// It is shown to whoever has no licence.
fn contact(fields: &Fields) -> Result<String, Rule> {
    let text = text(fields, Rule::LicenceContact)?;
    let plain = Shown(text).is_plain() && text.chars().count() <= LONGEST;
    Some(text.to_owned())
        .filter(|_| plain)
        .ok_or(Rule::LicenceContact)
}

/// What a rule says, as it is read.
pub(crate) fn said(t: &Texts, value: &RuleValue) -> String {
    match value {
        RuleValue::Switch(true) => t.settings_yes(),
        RuleValue::Switch(false) => t.settings_no(),
        RuleValue::Codes(codes) => t.settings_codes(codes),
        RuleValue::Text(text) if text.is_empty() => t.settings_nothing(),
        RuleValue::Text(text) => Shown(text).to_string(),
        RuleValue::Seconds(seconds) => {
            let (count, unit) = in_units(*seconds);
            t.settings_duration(count, unit)
        }
        RuleValue::Methods(methods) if methods.is_empty() => t.settings_no_method(),
        RuleValue::Methods(methods) => {
            let named = methods.iter().map(|accepted| {
                let method = methods::title(t, accepted.method);
                t.settings_accepted(&method, accepted.at_least.name())
            });
            named.collect::<Vec<_>>().join("; ")
        }
    }
}

/// What becomes of a rule, for people.
pub(super) struct Difference {
    pub(super) title: String,
    pub(super) now: String,
    /// What holds at once, where something does.
    pub(super) at_once: Option<String>,
    /// What holds after the rest, where something rests.
    pub(super) later: Option<String>,
}

impl Difference {
    pub(super) fn of(t: &Texts, change: &RuleChange) -> Self {
        Self {
            title: title(t, change.rule),
            now: said(t, &change.now),
            at_once: change.tightens().then(|| said(t, &change.at_once)),
            later: change.loosens().then(|| said(t, &change.later)),
        }
    }
}

/// What is odd about rules, for people.
pub(super) fn remark(t: &Texts, remark: &RuleRemark) -> String {
    match remark {
        RuleRemark::ApprovalNeverReached {
            rule,
            approval_from,
            refuse_from,
        } => t.settings_never_reached(approval_from, refuse_from, title(t, *rule)),
        RuleRemark::NobodyVerified(rule) => t.settings_nobody_verified(title(t, *rule)),
    }
}

/// How a field of the form looks.
pub(super) enum Input {
    Switch,
    Seconds,
    Codes,
    Methods,
    Text,
}

/// How a rule is typed.
pub(super) fn input(rule: &Rule) -> Input {
    match Rules::default().value(*rule) {
        RuleValue::Switch(_) => Input::Switch,
        RuleValue::Seconds(_) => Input::Seconds,
        RuleValue::Codes(_) => Input::Codes,
        RuleValue::Methods(_) => Input::Methods,
        RuleValue::Text(_) => Input::Text,
    }
}

/// The names of units, for a choice.
pub(super) fn units() -> [&'static str; 4] {
    UNITS.map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_form_says_is_read_again() {
        let mut rules = Rules::default();
        rules.limits.device.window_seconds = 90;
        rules.licence_contact = "it@corp.example".into();
        rules.privileged_methods.clear();
        assert_eq!(read(&fields(&rules)), Ok(rules));
    }

    /// A rule that no group has could not be changed here.
    #[test]
    fn every_rule_is_in_one_group() {
        let mut grouped: Vec<_> = GROUPS
            .iter()
            .flat_map(|(_, rules)| rules.iter().copied())
            .collect();
        grouped.sort();
        assert_eq!(grouped, Rule::ALL);
    }

    #[test]
    fn a_field_that_is_wrong_or_missing_is_named() {
        let whole = fields(&Rules::default());
        for name in whole.keys() {
            let mut fields = whole.clone();
            fields.remove(name);
            let rule = read(&fields).unwrap_err();
            assert!(name.starts_with(rule.name()), "{name}: {rule:?}");
        }
        for (name, text) in [
            ("request_seconds", "-1"),
            ("request_seconds", "+1"),
            ("request_seconds", ""),
            ("request_seconds", "18446744073709551615"),
            ("request_seconds.unit", "weeks"),
            ("limits.device.refuse_from", "4294967296"),
            ("reason_wanted", ""),
            ("ordinary_methods.call-back", "anybody"),
            ("licence_contact", "a\u{202e}b"),
        ] {
            let mut fields = whole.clone();
            fields.insert(name.into(), text.into());
            assert!(
                name.starts_with(read(&fields).unwrap_err().name()),
                "{name} {text}"
            );
        }
    }
}
