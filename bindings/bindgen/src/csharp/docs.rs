//! Rust documentation as XML comments: the first paragraph is the summary, the others are remarks.

/// `text` as lines of `///` with `indent` spaces before them, each ended; empty without text. `throws` is the
/// full name of an exception.
pub fn comment(text: Option<&str>, throws: Option<&str>, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut out = String::new();
    let paragraphs = text.map(paragraphs).unwrap_or_default();
    if let Some((summary, remarks)) = paragraphs.split_first() {
        out.push_str(&format!("{margin}/// <summary>{summary}</summary>\n"));
        if !remarks.is_empty() {
            out.push_str(&format!("{margin}/// <remarks>\n"));
            for remark in remarks {
                out.push_str(&format!("{margin}/// <para>{remark}</para>\n"));
            }
            out.push_str(&format!("{margin}/// </remarks>\n"));
        }
    }
    if let Some(exception) = throws {
        out.push_str(&format!(
            "{margin}/// <exception cref=\"{}\">As the Rust side says.</exception>\n",
            exception.trim_start_matches("global::")
        ));
    }
    out
}

/// One string per paragraph, on one line, escaped for XML.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut current = String::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("```") {
            if !current.is_empty() {
                all.push(std::mem::take(&mut current));
            }
            continue;
        }
        let heading = line.trim_start_matches('#');
        let line = if heading == line {
            line.to_owned()
        } else {
            format!("{}:", heading.trim())
        };
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(&line);
    }
    if !current.is_empty() {
        all.push(current);
    }
    all.iter().map(|paragraph| xml(paragraph)).collect()
}

/// Escapes, and turns `code` into `<c>`; the brackets of a link to an item go.
fn xml(text: &str) -> String {
    let text = text.replace("[`", "`").replace("`]", "`");
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut out = String::new();
    let parts: Vec<&str> = escaped.split('`').collect();
    let paired = parts.len() % 2 == 1;
    for (index, part) in parts.iter().enumerate() {
        match (paired, index % 2) {
            (true, 1) => out.push_str(&format!("<c>{part}</c>")),
            (true, _) => out.push_str(part),
            (false, 0) => out.push_str(part),
            (false, _) => out.push_str(&format!("`{part}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn first_paragraph_is_the_summary() {
        let text = "Gives `a < b`\nback.\n\n# Errors\nOf [`Kind`].";
        assert_eq!(
            comment(Some(text), Some("global::N.KindException"), 2),
            "  /// <summary>Gives <c>a &lt; b</c> back.</summary>\n  /// <remarks>\n  \
             /// <para>Errors: Of <c>Kind</c>.</para>\n  /// </remarks>\n  \
             /// <exception cref=\"N.KindException\">As the Rust side says.</exception>\n"
        );
        assert_eq!(comment(None, None, 2), "");
    }
}
