//! Rows, the table, and what was to be reached.

use serde::Serialize;

use crate::row::{FLOOR, KEPT, OURS, OWN, Row, Task, UNLOCK};

/// All rows, and the judgement over them.
#[derive(Serialize)]
pub struct Report {
    pub rows: Vec<Row>,
    pub goals: Vec<Goal>,
}

/// Something that was to be reached.
#[derive(Serialize)]
pub struct Goal {
    pub stack: String,
    pub goal: &'static str,
    pub is: String,
    pub reached: bool,
}

impl Report {
    pub fn new(rows: Vec<Row>) -> Self {
        let mut report = Self {
            rows,
            goals: Vec::new(),
        };
        let mut stacks: Vec<String> = report.rows.iter().map(|row| row.stack.clone()).collect();
        stacks.dedup();
        for stack in stacks {
            let goals = report.judge(&stack);
            report.goals.extend(goals);
        }
        report
    }

    fn row(&self, stack: &str, what: &str, who: &str) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| (&*row.stack, &*row.what, &*row.who) == (stack, what, who))
    }

    fn judge(&self, stack: &str) -> Vec<Goal> {
        let goal = |goal, is, reached| Goal {
            stack: stack.into(),
            goal,
            is,
            reached,
        };
        let mut goals = Vec::new();
        for (who, words, most) in [
            (KEPT, "3 transactions with the code at hand", 3),
            (OURS, "4 transactions with the person in between", 4),
        ] {
            if let Some(row) = self.row(stack, UNLOCK, who) {
                let count = row.transactions;
                goals.push(goal(words, count.to_string(), count <= most));
            }
        }
        if let (Some(own), Some(floor)) = (self.row(stack, UNLOCK, OWN), self.row(stack, UNLOCK, FLOOR)) {
            let part = own.p50_us / floor.p50_us;
            let is = format!("{:.1} %", part * 100.0);
            goals.push(goal("own code takes at most 10 % of the floor", is, part <= 0.1));
        }
        for task in Task::ALL {
            let what = task.name();
            let each = |row: &Row| row.p50_us / row.transactions.max(1) as f64;
            let peers = self
                .rows
                .iter()
                .filter(|row| row.stack == stack && row.what == what && row.who != OURS && row.who != FLOOR);
            let fastest = peers.min_by(|one, other| each(one).total_cmp(&each(other)));
            if let (Some(ours), Some(fastest)) = (self.row(stack, what, OURS), fastest) {
                goals.push(goal(
                    task.goal(),
                    format!("{:.0} µs, {} {:.0} µs", each(ours), fastest.who, each(fastest)),
                    each(ours) <= each(fastest),
                ));
            }
        }
        goals
    }

    /// Two tables in Markdown.
    pub fn print(&self) {
        println!(
            "| stack | what | by | transactions | out | in | bytes out | bytes in | p50, µs | p99, µs | × floor |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for row in &self.rows {
            let floor = self.row(&row.stack, &row.what, FLOOR);
            let ratio = floor.map_or(String::new(), |floor| format!("{:.2}", row.p50_us / floor.p50_us));
            let count = |number: u64| {
                if row.sent == 0 {
                    String::new()
                } else {
                    number.to_string()
                }
            };
            println!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {:.0} | {:.0} | {ratio} |",
                row.stack,
                row.what,
                row.who,
                count(row.transactions),
                count(row.sent),
                count(row.received),
                count(row.bytes_sent),
                count(row.bytes_received),
                row.p50_us,
                row.p99_us,
            );
        }
        println!("\n| stack | to reach | is | reached |\n| --- | --- | --- | --- |");
        for goal in &self.goals {
            println!(
                "| {} | {} | {} | {} |",
                goal.stack,
                goal.goal,
                goal.is,
                if goal.reached { "yes" } else { "no" }
            );
        }
    }
}
