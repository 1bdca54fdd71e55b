//! Prints what is connected now: `cargo run -p fido-unlock-pcsc --example list_cards`.

fn main() -> Result<(), fido_unlock_pcsc::PcscError> {
    for entry in fido_unlock_pcsc::list()? {
        let access = entry
            .access
            .as_ref()
            .err()
            .map_or_else(|| "can be opened".to_owned(), ToString::to_string);
        println!("{}  {}  {:?}  {access}", entry.path, entry.name, entry.interface);
    }
    Ok(())
}
