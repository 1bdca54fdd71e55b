//! Charts of the last 30 days, drawn here: unlocks by day, refusals by reason, time from open to done, and what looks
//! like fraud. Each has a table with the same figures.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{DURATIONS, Figures, UnixTime};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;

use crate::app::App;
use crate::page::{Page, Who, day, html, second};
use crate::refusal::Refusal;

/// The days that are drawn, the present one included.
const DAYS: u32 = 30;
/// The most rows of a chart; the others are one row more.
const MOST_ROWS: usize = 12;
/// Width of a drawing, in its own units.
const WIDTH: u32 = 640;
/// What is left of a row's bar for its figure.
const FIGURE: u32 = 60;
/// Height of a row: its label above its bar.
const ROW: u32 = 44;
/// Height of the days' bars.
const HEIGHT: u32 = 160;

/// A row: a label, a figure, and its bar.
struct Bar {
    label: String,
    count: u32,
    /// A second figure of the table.
    more: Option<u32>,
    /// It looks like fraud.
    marked: bool,
    y: u32,
    width: u32,
}

/// The longest label of a drawing, in characters; its table has the whole.
const LONGEST: usize = 84;

impl Bar {
    fn short(&self) -> String {
        let short: String = self.label.chars().take(LONGEST).collect();
        if short == self.label { short } else { short + "…" }
    }
}

/// A chart of rows.
struct Rows {
    bars: Vec<Bar>,
    height: u32,
}

impl Rows {
    /// `bars`: label, figure, second figure, whether it is marked.
    fn of(bars: impl IntoIterator<Item = (String, u32, Option<u32>, bool)>) -> Self {
        let bars: Vec<_> = bars.into_iter().collect();
        let most = bars.iter().map(|(_, count, ..)| *count).max().unwrap_or(0);
        let bars = bars.into_iter().zip((0..).step_by(ROW as usize));
        let bars: Vec<_> = bars
            .map(|((label, count, more, marked), y)| Bar {
                label,
                count,
                more,
                marked,
                y,
                width: part(count, most, WIDTH - FIGURE),
            })
            .collect();
        Self {
            height: ROW.saturating_mul(u32::try_from(bars.len()).unwrap_or(1)).max(1),
            bars,
        }
    }

    fn is_empty(&self) -> bool {
        self.bars.iter().all(|bar| bar.count == 0)
    }
}

/// `count` of `most`, as a length of at most `whole`; what is there at all can be seen.
fn part(count: u32, most: u32, whole: u32) -> u32 {
    let length = u64::from(whole) * u64::from(count) / u64::from(most.max(1));
    let length = u32::try_from(length).unwrap_or(whole);
    if count == 0 { 0 } else { length.max(2) }
}

/// A day: codes given, and how many of their devices are said to be unlocked.
struct Day {
    day: String,
    /// Its name below the axis, where there is room.
    name: Option<String>,
    codes: u32,
    done: u32,
    x: u32,
    width: u32,
    codes_height: u32,
    done_height: u32,
}

impl Day {
    fn of(figures: &Figures) -> Vec<Self> {
        let days = &figures.days;
        let most = days.iter().map(|day| day.codes.max(day.done)).max().unwrap_or(0);
        let step = WIDTH / u32::try_from(days.len().max(1)).unwrap_or(1).min(WIDTH);
        let days = days.iter().enumerate().zip((0..).step_by(step as usize));
        days.map(|((place, figures), x)| {
            let day = day(figures.day);
            Self {
                // Month and day, each week.
                name: (place % 7 == 0).then(|| day.chars().skip(5).collect()),
                codes: figures.codes,
                done: figures.done,
                x,
                width: step.saturating_sub(4).max(1),
                codes_height: part(figures.codes, most, HEIGHT),
                done_height: part(figures.done, most, HEIGHT),
                day,
            }
        })
        .collect()
    }

    const fn codes_y(&self) -> u32 {
        HEIGHT.saturating_sub(self.codes_height)
    }

    const fn done_y(&self) -> u32 {
        HEIGHT.saturating_sub(self.done_height)
    }
}

/// A chart of rows, with what is said of it.
struct Chart {
    id: &'static str,
    title: String,
    hint: String,
    /// Where there is nothing to draw.
    none: String,
    /// What the columns of its table are.
    first: String,
    one: String,
    /// Empty where there is no second figure.
    two: String,
    rows: Rows,
}

#[derive(Template)]
#[template(path = "charts.html")]
struct ChartsPage {
    page: Page,
    days: Vec<Day>,
    charts: [Chart; 4],
    /// Where entries of these days were left out.
    cut_before: Option<String>,
    entries: u64,
}

impl ChartsPage {
    fn codes(&self) -> u32 {
        self.days.iter().map(|day| day.codes).sum()
    }

    fn done(&self) -> u32 {
        self.days.iter().map(|day| day.done).sum()
    }
}

/// What is beyond the rows that are drawn, as one more.
fn cut(
    rows: impl Iterator<Item = (String, u32, Option<u32>, bool)>,
    others: String,
) -> Vec<(String, u32, Option<u32>, bool)> {
    let mut rows: Vec<_> = rows.collect();
    let more = rows.split_off(rows.len().min(MOST_ROWS));
    if !more.is_empty() {
        let count = more.iter().map(|(_, count, ..)| count).sum();
        rows.push((others, count, None, false));
    }
    rows
}

fn refusals(figures: &Figures, t: &Texts) -> Chart {
    let rows = figures.refusals.iter().map(|refusal| {
        let code = ErrorCode::from_number(refusal.error);
        let said = code.map_or_else(String::new, |code| t.error(code));
        (format!("{} {said}", refusal.error), refusal.count, None, false)
    });
    let all: u32 = figures.refusals.iter().map(|refusal| refusal.count).sum();
    Chart {
        id: "refusals",
        title: t.charts_refusals(),
        hint: t.charts_refusals_hint(all),
        none: t.charts_refusals_none(),
        first: t.charts_reason(),
        one: t.charts_how_often(),
        two: String::new(),
        rows: Rows::of(cut(rows, t.charts_others())),
    }
}

fn durations(figures: &Figures, t: &Texts) -> Chart {
    let minutes = DURATIONS.map(|seconds| seconds / 60);
    let labels = minutes.map(|minutes| t.charts_up_to(minutes)).into_iter();
    let labels = labels.chain(minutes.last().map(|minutes| t.charts_longer(minutes)));
    let rows = labels.zip(figures.durations);
    let median = figures.median_seconds.map(span).unwrap_or_default();
    Chart {
        id: "durations",
        title: t.charts_durations(),
        hint: t.charts_durations_hint(median),
        none: t.charts_durations_none(),
        first: t.charts_time(),
        one: t.charts_calls(),
        two: String::new(),
        rows: Rows::of(rows.map(|(label, count)| (label, count, None, false))),
    }
}

fn numbers(figures: &Figures, t: &Texts) -> Chart {
    let rows = figures.numbers.iter().take(MOST_ROWS);
    let rows = rows.map(|of| (Shown(&of.number).to_string(), of.users, Some(of.requests), true));
    Chart {
        id: "numbers",
        title: t.charts_numbers(),
        hint: t.charts_numbers_hint(),
        none: t.charts_numbers_none(),
        first: t.charts_number(),
        one: t.charts_users(),
        two: t.charts_calls(),
        rows: Rows::of(rows),
    }
}

fn operators(figures: &Figures, t: &Texts) -> Chart {
    let rows = figures.operators.iter().map(|of| {
        let name = of.name.as_ref().map(|name| Shown(name).to_string());
        let name = name.unwrap_or_else(|| of.number.to_string());
        (name, of.codes, None, of.far_above)
    });
    Chart {
        id: "operators",
        title: t.charts_operators(),
        hint: t.charts_operators_hint(),
        none: t.charts_operators_none(),
        first: t.charts_operator(),
        one: t.charts_codes(),
        two: String::new(),
        rows: Rows::of(cut(rows, t.charts_others())),
    }
}

/// Seconds as minutes and seconds.
fn span(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

pub(super) async fn page(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let figures = app.desks().run(move |desk| desk.figures(&session, DAYS)).await?;
    let page = Page::new(&app, &who, "/audit");
    let charts = ChartsPage {
        days: Day::of(&figures),
        charts: [
            refusals(&figures, page.t),
            durations(&figures, page.t),
            numbers(&figures, page.t),
            operators(&figures, page.t),
        ],
        cut_before: figures.cut_before.as_ref().map(|at: &UnixTime| second(at)),
        entries: figures.entries,
        page,
    };
    Ok(html(StatusCode::OK, &charts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_row_and_one_of_many_is_seen() {
        let rows = |counts: &[u32]| {
            let rows = counts.iter().map(|count| (String::new(), *count, None, false));
            let rows = Rows::of(rows);
            rows.bars.iter().map(|bar| bar.width).collect::<Vec<_>>()
        };
        assert_eq!(rows(&[1000, 500, 1, 0]), [580, 290, 2, 0]);
        assert_eq!(rows(&[0]), [0]);
        assert_eq!(rows(&[u32::MAX]), [580]);
        assert!(Rows::of([]).is_empty() && Rows::of([]).height == 1);
    }

    #[test]
    fn what_is_beyond_the_rows_is_one_more() {
        let rows = (0..14).map(|count| (count.to_string(), count, None, false));
        let rows = cut(rows, "others".into());
        assert_eq!(rows.len(), 13);
        assert_eq!(rows.last().unwrap().1, 12 + 13);
    }
}
