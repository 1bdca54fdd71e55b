//! Who asks: a browser, and programs. Each keeps its connection.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use crate::house::Call;

fn agent() -> Agent {
    Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into()
}

/// A browser.
pub struct Reader {
    agent: Agent,
    base: String,
    cookie: String,
}

impl Reader {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            agent: agent(),
            base: format!("http://{address}"),
            cookie: String::new(),
        }
    }

    pub fn sign_in(&mut self, password: &str) -> Result<()> {
        let answer = self
            .agent
            .post(format!("{}/sign-in", self.base))
            .header("origin", &self.base)
            .send_form([("name", "admin"), ("password", password)])?;
        ensure!(answer.status() == 303, "sign-in: {}", answer.status());
        let cookie = answer.headers().get("set-cookie").context("a cookie")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        self.cookie = cookie.to_owned();
        Ok(())
    }

    /// A whole page.
    pub fn get(&self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.base);
        let request = self.agent.get(url).header("cookie", &self.cookie);
        let mut answer = request.call()?;
        ensure!(answer.status() == 200, "{path}: {}", answer.status());
        let text = answer.body_mut().read_to_string()?;
        ensure!(text.contains("</html>"), "{path} is no page");
        Ok(())
    }

    /// What follows the typing.
    pub fn search(&self, text: &str) -> Result<()> {
        let request = self.agent.get(format!("{}/unlock/rows", self.base));
        let mut answer = request.query("q", text).header("cookie", &self.cookie).call()?;
        ensure!(answer.status() == 200, "search: {}", answer.status());
        let found = answer.body_mut().read_to_string()?;
        ensure!(found.contains("<table"), "{text}: nothing was found");
        Ok(())
    }
}

/// A program.
pub struct Program {
    agent: Agent,
    base: String,
    token: String,
}

impl Program {
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self {
            agent: agent(),
            base: format!("http://{address}/api/v1/requests"),
            token: format!("Bearer {token}"),
        }
    }

    fn post(&self, rest: &str, body: &Value) -> Result<Value> {
        let request = self.agent.post(format!("{}{rest}", self.base));
        let mut answer = request.header("authorization", &self.token).send_json(body)?;
        let value: Value = answer.body_mut().read_json()?;
        ensure!(answer.status().is_success(), "{rest}: {value}");
        Ok(value)
    }

    /// A whole call.
    pub fn call(&self, call: &Call) -> Result<()> {
        let opened = self.post(
            "",
            &json!({"user": call.user.as_str(), "device_id": call.device.to_code(), "reason": "ticket"}),
        )?;
        let id = opened.get("id").and_then(Value::as_str).context("an id")?;
        let step = |name: &str, body: &Value| self.post(&format!("/{id}/{name}"), body);
        step(
            "caller",
            &json!({"method": "call-back", "statement": "called back"}),
        )?;
        step("challenge", &json!({"challenge": call.challenge.to_code()}))?;
        let code = step("code", &json!({}))?;
        ensure!(code.get("code").is_some(), "no code");
        step("done", &json!({}))?;
        Ok(())
    }
}
