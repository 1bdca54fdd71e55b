//! From code and PIN to the end.

use std::io::Write;
use std::sync::Arc;

use fido_unlock::DeviceId;
use serde_json::json;

use super::{Agent, Event};
use crate::Failure;
use crate::job::{JobId, Next};
use crate::keys::Route;
use crate::work;

impl<W: Write> Agent<W> {
    /// Unlocks, where key, code and PIN are all there.
    pub(super) fn unlock(&mut self, id: DeviceId) -> Result<(), Failure> {
        let Some(job) = self.jobs.get_mut(&id).filter(|job| !job.unlocking) else {
            return Ok(());
        };
        let (Some(route), Some(code), Some(pin)) = (job.route.clone(), job.code.clone(), job.pin.clone())
        else {
            return Ok(());
        };
        job.unlocking = true;
        job.saved.sent = true;
        let (session, cancel, name) = (job.saved.session.clone(), Arc::clone(&job.cancel), job.id);
        // Before it is sent: whatever happens then can be found out.
        self.save(&id)?;
        let tell = self.tell.clone();
        std::thread::spawn(move || {
            let mut touch = || drop(tell.send(Event::Touch(id)));
            let result = work::unlock(&*route, &session, &code, &pin, &cancel, &mut touch);
            let _ = tell.send(Event::Ended(name, result));
        });
        Ok(())
    }

    pub(super) fn ended(&mut self, name: JobId, result: Result<(), Failure>) -> Result<(), Failure> {
        let Some(job) = self.current(name) else {
            return Ok(());
        };
        let id = name.device;
        job.unlocking = false;
        let Err(failure) = result else {
            return self.unlocked(&id);
        };
        let route = job.route.clone();
        let next = job.after(failure.code);
        job.saved.sent = next == Next::Look;
        self.save(&id)?;
        self.report.error(Some(&id), &failure)?;
        match next {
            Next::Pin | Next::Code | Next::Replug => {}
            Next::Again => {
                let (tell, pause) = (self.tell.clone(), self.options.pause);
                std::thread::spawn(move || {
                    std::thread::sleep(pause);
                    let _ = tell.send(Event::Again(name));
                });
            }
            Next::GivenUp => {
                self.give_up(&id)?;
                self.report.event("cancelled", Some(&id), json!({}))?;
            }
            Next::Anew => {
                self.give_up(&id)?;
                self.look_again(route);
            }
            Next::Look => self.look_again(route),
        }
        Ok(())
    }

    pub(super) fn look_again(&self, route: Option<Arc<dyn Route>>) {
        let Some(route) = route else { return };
        let (tell, folder) = (self.tell.clone(), Arc::clone(&self.folder));
        std::thread::spawn(move || {
            let look = work::look(&*route, &folder.unresolved());
            let _ = tell.send(Event::Looked(route, look));
        });
    }

    pub(super) fn unlocked(&mut self, id: &DeviceId) -> Result<(), Failure> {
        let job = self.jobs.remove(id);
        let saved = job.map(|job| job.saved).or_else(|| self.folder.load(id).ok()?);
        self.report.event("unlocked", Some(id), json!({}))?;
        self.close(id, saved, true)
    }
}
