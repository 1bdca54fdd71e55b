//! `cargo run -p ten-lines`: gives the PIN of the one locked key or card back. The READMEs show these lines.

use {fido_unlock_system::prelude::*, rpassword::prompt_password};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut key = Devices::system()?.open_locked(&mut Call::quick())?.device;
    let session = Session::begin(&mut key, None, &mut Call::quick())?;
    println!("ID {}\nChallenge {}", session.device_id(), session.challenge());
    let code = ResponseCode::parse(session.suite(), &Zeroizing::new(prompt_password("Response: ")?))?;
    let [a, b] = ["New PIN: ", "New PIN again: "].map(|text| prompt_password(text).map(Pin::new));
    let pin = NewPin::judge(confirm_pin(&a?, &b?)?, &DefaultPinPolicy::new(), session.rules())?;
    Ok(session.unlock(&mut key, &code, &pin, &mut SystemEntropy, &mut Call::with_touch())?)
}
