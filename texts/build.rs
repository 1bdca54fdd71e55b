//! Makes a method of each text, and refuses languages that differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Resource};
use fluent_syntax::parser::parse;

/// Languages; the first is the one that the others must follow.
const LANGUAGES: [&str; 2] = ["en", "de"];
/// Found by number, not by method.
const BY_NUMBER: &str = "errors.ftl";

/// The variables of each text, by its name; an attribute's name stands after a dot.
type Texts = BTreeMap<String, BTreeSet<String>>;

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut methods = String::from("impl Texts {\n");
    let mut sources = String::new();
    let mut first: Option<BTreeMap<String, Texts>> = None;
    for language in LANGUAGES {
        println!("cargo::rerun-if-changed={language}");
        let files = files(Path::new(language))?;
        let mut whole = BTreeMap::new();
        let mut list = String::new();
        for file in &files {
            let source = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let texts = texts(&source).map_err(|error| format!("{}: {error}", file.display()))?;
            let name = file
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let absolute = fs::canonicalize(file).map_err(|error| error.to_string())?;
            writeln!(list, "    include_str!({absolute:?}),").map_err(|error| error.to_string())?;
            whole.insert(name.to_owned(), texts);
        }
        writeln!(
            sources,
            "const {}: &[&str] = &[\n{list}];",
            language.to_uppercase()
        )
        .map_err(|error| error.to_string())?;
        match &first {
            None => {
                for texts in whole
                    .iter()
                    .filter(|(file, _)| *file != BY_NUMBER)
                    .map(|(_, texts)| texts)
                {
                    for (id, variables) in texts {
                        method(&mut methods, id, variables)?;
                    }
                }
                first = Some(whole);
            }
            Some(first) => same(first, &whole).map_err(|error| format!("{language}: {error}"))?,
        }
    }
    methods.push_str("}\n");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("no OUT_DIR")?;
    fs::write(out.join("texts.rs"), sources + &methods).map_err(|error| error.to_string())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = read
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ftl"))
        .collect();
    files.sort();
    Ok(files)
}

fn texts(source: &str) -> Result<Texts, String> {
    let resource: Resource<&str> = parse(source).map_err(|(_, errors)| {
        errors
            .iter()
            .map(|error| format!("{error} at {:?}; ", error.pos))
            .collect::<String>()
    })?;
    let mut texts = Texts::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let mut add = |name: String, pattern: &Pattern<&str>| {
            let mut variables = BTreeSet::new();
            of_pattern(pattern, &mut variables);
            match texts.insert(name.clone(), variables) {
                None => Ok(()),
                Some(_) => Err(format!("{name} is there twice")),
            }
        };
        let id = message.id.name;
        if let Some(value) = &message.value {
            add(id.to_owned(), value)?;
        }
        for attribute in &message.attributes {
            add(format!("{id}.{}", attribute.id.name), &attribute.value)?;
        }
    }
    Ok(texts)
}

fn of_pattern(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, found);
        }
    }
}

fn of_expression(expression: &Expression<&str>, found: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, found),
        Expression::Select { selector, variants } => {
            of_inline(selector, found);
            for variant in variants {
                of_pattern(&variant.value, found);
            }
        }
    }
}

fn of_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => of_expression(expression, found),
        _ => {}
    }
}

/// A method for a text: `///` says it in English.
fn method(methods: &mut String, id: &str, variables: &BTreeSet<String>) -> Result<(), String> {
    if id.contains('.') {
        return Err(format!("{id}: only errors have attributes"));
    }
    let arguments: String = variables
        .iter()
        .map(|name| format!(", {}: impl Argument", name.replace('-', "_")))
        .collect();
    let given: String = variables
        .iter()
        .map(|name| format!("({name:?}, {}.value()), ", name.replace('-', "_")))
        .collect();
    write!(
        methods,
        "    /// The text `{id}`.\n    #[must_use]\n    pub fn {}(&self{arguments}) -> String {{\n        \
         self.say({id:?}, &[{given}])\n    }}\n",
        id.replace('-', "_")
    )
    .map_err(|error| error.to_string())
}

fn same(first: &BTreeMap<String, Texts>, other: &BTreeMap<String, Texts>) -> Result<(), String> {
    let flat = |files: &BTreeMap<String, Texts>| -> BTreeMap<String, BTreeSet<String>> {
        files
            .values()
            .flatten()
            .map(|(id, variables)| (id.clone(), variables.clone()))
            .collect()
    };
    let (first, other) = (flat(first), flat(other));
    let missing: Vec<_> = first.keys().filter(|id| !other.contains_key(*id)).collect();
    let besides: Vec<_> = other.keys().filter(|id| !first.contains_key(*id)).collect();
    let differ: Vec<_> = first
        .iter()
        .filter(|(id, variables)| other.get(*id).is_some_and(|others| others != *variables))
        .map(|(id, _)| id)
        .collect();
    if missing.is_empty() && besides.is_empty() && differ.is_empty() {
        return Ok(());
    }
    Err(format!(
        "missing: {missing:?}; not in {}: {besides:?}; other variables: {differ:?}",
        LANGUAGES[0]
    ))
}
