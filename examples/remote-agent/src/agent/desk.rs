//! What the agent has with the help desk.

use std::io::Write;
use std::sync::Arc;

use fido_unlock::{DeviceId, ResponseCode};
use serde_json::json;

use super::{Agent, Event};
use crate::Failure;
use crate::desk::Desk;
use crate::job::JobId;
use crate::saved::{Saved, new_key};

impl<W: Write> Agent<W> {
    /// Asks the desk, where there is one and no code yet.
    pub(super) fn fetch(&mut self, id: &DeviceId) {
        let Some(job) = self.jobs.get_mut(id) else { return };
        let Some(options) = self
            .options
            .desk
            .clone()
            .filter(|_| !job.fetching && job.code.is_none())
        else {
            return;
        };
        job.fetching = true;
        let (saved, cancel, tell, id) = (
            job.saved.clone(),
            Arc::clone(&job.cancel),
            self.tell.clone(),
            job.id,
        );
        std::thread::spawn(move || {
            let result = Desk::new(options, cancel).and_then(|desk| {
                let (mut key, known) = (saved.key, saved.request);
                let mut request = desk.open(&saved.session, &key)?;
                if !request.lives {
                    key = new_key()?;
                    request = desk.open(&saved.session, &key)?;
                }
                if known.as_ref() != Some(&request.id) {
                    // Nobody listens any more where the agent has ended.
                    let _ = tell.send(Event::Asked(id, key, request.id.clone()));
                }
                let id = request.id.clone();
                desk.prepare(&saved.session, request)?;
                desk.fetch(&saved.session, &id)
            });
            let _ = tell.send(Event::Fetched(id, result));
        });
    }

    pub(super) fn fetched(
        &mut self,
        id: JobId,
        result: Result<ResponseCode, Failure>,
    ) -> Result<(), Failure> {
        let Some(job) = self.current(id) else {
            return Ok(());
        };
        let id = id.device;
        job.fetching = false;
        match result {
            Ok(code) => {
                job.code = Some(Arc::new(code));
                self.report.event("answered", Some(&id), json!({}))?;
                self.unlock(id)
            }
            // The same request, when the key is plugged in again: what failed may be mended there.
            Err(failure) => self.report.error(Some(&id), &failure),
        }
    }

    /// Forgets what was saved, and tells the desk.
    pub(super) fn close(
        &mut self,
        id: &DeviceId,
        saved: Option<Saved>,
        unlocked: bool,
    ) -> Result<(), Failure> {
        if let Err(failure) = self.folder.forget(id) {
            self.report.error(Some(id), &failure)?;
        }
        self.farewell(*id, saved.and_then(|saved| saved.request), unlocked);
        Ok(())
    }

    /// Tells the desk that a request has ended.
    pub(super) fn farewell(&mut self, id: DeviceId, request: Option<String>, unlocked: bool) {
        if let (Some(options), Some(request)) = (self.options.desk.clone(), request) {
            let tell = self.tell.clone();
            self.farewells.push(std::thread::spawn(move || {
                let told = Desk::new(options, Arc::default()).and_then(|desk| desk.close(&request, unlocked));
                if let Err(failure) = told {
                    let _ = tell.send(Event::DeskToldLate(id, failure));
                }
            }));
        }
    }
}
