//! For a person at a terminal: the line, the place under it, the definition in the lock, what to do. The only file that names `miette`.

use std::borrow::Cow;
use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::Style;
use super::escape::{no_commands, visible, visible_same_length};
use crate::check::Outcome;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, Location, SourceFile, Sources};

/// Wider than this nobody reads.
const WIDEST: usize = 120;

pub(super) fn render(outcome: &Outcome, style: Style) -> String {
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles: if style.colour { ThemeStyles::ansi() } else { ThemeStyles::none() } };
    let width = style.width.clamp(40, WIDEST);
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(width).with_context_lines(1).without_cause_chain();
    // What fits need not be taken apart into words first.
    let plain = handler.clone().with_wrap_lines(false);
    let mut out = String::new();
    for d in &outcome.diagnostics {
        let report = Report::new(d, &outcome.sources);
        let fits = std::iter::once(&report.message).chain(&report.help).all(|text| fits(text, width));
        // Writing into a String cannot fail, and the spans were cut to the text.
        let _ = if fits { &plain } else { &handler }.render_report(&mut out, &report);
        for note in &report.elsewhere {
            out.push_str(note);
            out.push('\n');
        }
        out.push('\n');
    }
    out.push_str(&visible(&super::summary_line(&outcome.summary)));
    out.push('\n');
    no_commands(&out).into_owned()
}

/// Room that miette takes in front of a text and behind it.
const MARGINS: usize = 12;

/// Whether a text surely stands in one line, as it is.
fn fits(text: &str, width: usize) -> bool {
    text.is_ascii() && text.len() + MARGINS <= width && text.trim() == text && !text.is_empty() && !text.contains('\n')
}

/// One finding, as miette wants it.
#[derive(Debug)]
struct Report<'a> {
    severity: miette::Severity,
    code: String,
    message: String,
    help: Option<String>,
    /// None where the line is longer than anyone reads.
    source: Option<Snippet<'a>>,
    labels: Vec<LabeledSpan>,
    /// Lines about other places, printed below.
    elsewhere: Vec<String>,
}

/// As many other places as are worth screen space.
const ELSEWHERE: usize = 5;

/// Longer stretches of source are not drawn: generated data on one line.
const LONGEST: usize = 8 * 1024;

impl<'a> Report<'a> {
    fn new(d: &Diagnostic, sources: &'a Sources) -> Self {
        let file = d.location.file;
        let mut labels = vec![LabeledSpan::new_primary_with_span(None, span(sources.get(file), d.location.span))];
        let mut elsewhere = Vec::new();
        let mut last = "";
        for r in d.related.iter().take(ELSEWHERE) {
            // Far away in the same file is elsewhere too: miette would draw everything between.
            let near = r.location.file == file && r.location.span.start.abs_diff(d.location.span.start) < 600;
            if near {
                let label = Some(visible(&r.message).into_owned());
                labels.push(LabeledSpan::new_with_span(label, span(sources.get(file), r.location.span)));
                continue;
            }
            if r.message != last {
                elsewhere.push(format!("  note: {}", visible(&r.message)));
            }
            last = &r.message;
            elsewhere.push(format!("        {}", place(r.location, sources)));
        }
        if d.related.len() > ELSEWHERE {
            elsewhere.push(format!("        and {} more places; `--format json` lists all", d.related.len() - ELSEWHERE));
        }
        let severity = match d.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        };
        let mut source = Some(Snippet::new(file, sources, &labels));
        if source.as_ref().is_some_and(|s| s.text.len() > LONGEST) {
            (source, labels) = (None, Vec::new());
            let at = sources.get(file).position(d.location.span.start);
            elsewhere.insert(0, format!("    at: {}:{}:{}", visible(&sources.get(file).path), at.line, at.column));
        }
        let help = d.help.as_deref().map(|h| visible(h).into_owned());
        Self { severity, code: d.rule.to_owned(), message: visible(&d.message).into_owned(), help, source, labels, elsewhere }
    }
}

/// `file:line:column: the line's text`, cut.
fn place(at: Location, sources: &Sources) -> String {
    let file = sources.get(at.file);
    let point = file.position(at.span.start);
    let text: String = file.slice(file.line_span(point.line)).trim().chars().take(80).collect();
    visible(&format!("{}:{}:{}: {text}", file.path, point.line, point.column)).into_owned()
}

fn span(file: &SourceFile, span: crate::source::Span) -> SourceSpan {
    let end = (span.end as usize).min(file.text.len());
    let start = (span.start as usize).min(end);
    (start, end - start).into()
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        (!self.code.is_empty()).then(|| Box::new(&self.code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// The lines of a file that one finding needs. Finds them by the table the file already has; miette's own reader scans from the
/// start of the text each time.
struct Snippet<'a> {
    file: &'a SourceFile,
    name: String,
    /// Byte at which `text` begins.
    start: usize,
    /// Hidden characters replaced by visible ones of the same length.
    text: Cow<'a, str>,
}

impl fmt::Debug for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'a> Snippet<'a> {
    /// The lines around `labels`, with one line of context.
    fn new(id: FileId, sources: &'a Sources, labels: &[LabeledSpan]) -> Self {
        let file = sources.get(id);
        let start = labels.iter().map(LabeledSpan::offset).min().unwrap_or(0);
        let end = labels.iter().map(|l| l.offset() + l.len()).max().unwrap_or(0);
        let (first, last) = (line_at(file, start).saturating_sub(1), line_at(file, end) + 1);
        let (start, end) = (line_start(file, first), line_start(file, last + 1));
        Self { file, name: visible(&file.path).into_owned(), start, text: visible_same_length(&file.text[start..end]) }
    }
}

/// Number, from 0, of the line that holds a byte.
fn line_at(file: &SourceFile, offset: usize) -> usize {
    file.line_starts().partition_point(|&s| s as usize <= offset).max(1) - 1
}

/// First byte of a line counted from 0; the end of the text behind the last.
fn line_start(file: &SourceFile, line: usize) -> usize {
    file.line_starts().get(line).map_or(file.text.len(), |&s| s as usize)
}

impl SourceCode for Snippet<'_> {
    fn read_span<'a>(&'a self, span: &SourceSpan, before: usize, after: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let first = line_at(self.file, span.offset()).saturating_sub(before);
        let last = line_at(self.file, span.offset() + span.len()) + after;
        let (start, end) = (line_start(self.file, first), line_start(self.file, last + 1));
        let end = end.min(self.start + self.text.len());
        let data = start.checked_sub(self.start).and_then(|s| self.text.get(s..end - self.start)).ok_or(MietteError::OutOfBounds)?;
        let count = (last + 1).min(self.file.line_starts().len()) - first;
        // Asked without context, miette takes the answer's place for the heading's `file:line:column`.
        let column = if before + after == 0 { self.file.position(u32::try_from(span.offset()).unwrap_or(u32::MAX)).column as usize - 1 } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data.as_bytes(), (start, end - start).into(), first, column, count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Context;
    use crate::source::{Language, Span};

    fn show(text: &str, span: Span) -> String {
        let mut outcome = Outcome::default();
        let file = outcome.sources.add(SourceFile::new("a.py", Language::Python, text));
        let lock = outcome.sources.add(SourceFile::new("schema.lock.yaml", Language::Yaml, "tables:\n  public.batches:\n    columns:\n"));
        let d = Diagnostic::new("unknown-column", Severity::Error, Location::new(file, span), Context::Query, "table `batches` has no column `mfg_date`")
            .help("did you mean `manufacturing_date`?")
            .related(Location::new(lock, Span::new(10, 24)), "`batches` is defined here");
        outcome.diagnostics.push(d);
        render(&outcome, Style { colour: false, width: 80 })
    }

    #[test]
    fn a_finding_shows_its_place_and_the_lock() {
        let expected = "\
unknown-column

  × table `batches` has no column `mfg_date`
   ╭─[a.py:2:5]
 1 │ x = 1
 2 │ f(b.mfg_date)
   ·     ────────
 3 │ y = 2
   ╰────
  help: did you mean `manufacturing_date`?
  note: `batches` is defined here
        schema.lock.yaml:2:3: public.batches:
";
        let shown = show("x = 1\nf(b.mfg_date)\ny = 2\n", Span::new(10, 18));
        assert!(shown.starts_with(expected), "{shown}");
    }

    #[test]
    fn what_fits_is_drawn_as_if_it_were_wrapped() {
        let (mut sources, mut fitting) = (Sources::default(), 0);
        let file = sources.add(SourceFile::new("a.py", Language::Python, "x = 1\n"));
        for colour in [false, true] {
            let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles: if colour { ThemeStyles::ansi() } else { ThemeStyles::none() } };
            for words in 1..30 {
                let text = "a  long-ish word, `a/b` and more; ".repeat(words)[..words * 4].trim().to_owned();
                let d =
                    Diagnostic::new("unknown-column", Severity::Error, Location::new(file, Span::new(0, 1)), Context::Query, text.clone()).help(text.clone());
                let drawn = |wraps: bool| {
                    let handler = GraphicalReportHandler::new_themed(theme.clone()).with_links(false).with_width(60).with_wrap_lines(wraps);
                    let mut out = String::new();
                    handler.render_report(&mut out, &Report::new(&d, &sources)).expect("a text takes everything");
                    out
                };
                if fits(&text, 60) {
                    fitting += 1;
                    assert_eq!(drawn(true), drawn(false), "{text}");
                }
            }
        }
        assert!(fitting > 15 && !fits("a\nb", 60) && !fits(" a", 60) && !fits("é", 60) && !fits(&"a".repeat(50), 60), "{fitting}");
    }

    #[test]
    fn hostile_text_is_shown_and_not_obeyed() {
        let shown = show("\x1b]0;x\x07 = '##[add-mask]a'\rf(b.mfg)\u{202e}\n", Span::new(24, 27));
        assert!(!shown.chars().any(|c| c == '\x1b' || c == '\x07' || c == '\u{202e}' || c == '\r'), "{shown:?}");
        assert!(!shown.contains("##["), "{shown}");
    }

    #[test]
    fn places_at_the_end_and_beyond_are_no_panic() {
        show("", Span::new(0, 0));
        show("a", Span::new(1, 9));
        show("a\n", Span::new(2, 2));
    }
}
