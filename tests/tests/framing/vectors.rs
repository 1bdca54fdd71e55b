use fido_unlock::host::framing::ctaphid::{Assembly, Packet, packet, packet_count};
use fido_unlock::host::framing::nfc::{ApduCommand, ApduResponse};
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/vectors", env!("CARGO_MANIFEST_DIR"));
    let read = |file: String| -> Value {
        serde_json::from_str(&std::fs::read_to_string(format!("{path}/{file}")).unwrap()).unwrap()
    };
    let document = read(format!("{name}.json"));
    let schema = read(document["schema"].as_str().unwrap().to_owned());
    jsonschema::validate(&schema, &document).unwrap_or_else(|error| panic!("{name}: {error}"));
    document["cases"].as_array().unwrap().clone()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn ctaphid_packets() {
    for case in cases("ctaphid") {
        let size = number(&case["report_size"]);
        let message = message(number(&case["message_length"]));
        let channel = u32::from_be_bytes(unhex(&case["channel"]).try_into().unwrap());
        let command = u8::try_from(number(&case["command"])).unwrap();
        let count = packet_count(message.len(), size);
        assert_eq!(count, number(&case["count"]), "{case}");
        let packets: Vec<_> = (0..)
            .map_while(|index| packet(channel, command, &message, index, size))
            .collect();
        assert_eq!(packets.len(), count, "{case}");
        for (index, shown) in case["packets"].as_object().unwrap() {
            assert_eq!(
                hex(&packets[index.parse::<usize>().unwrap()]),
                shown.as_str().unwrap(),
                "{case}"
            );
        }
        if count > 0 {
            let Some(Packet::Init { length, data, .. }) = Packet::parse(&packets[0]) else {
                panic!("{case}")
            };
            let mut assembly = Assembly::begin(length, data);
            for report in &packets[1..] {
                let Some(Packet::Continuation { sequence, data, .. }) = Packet::parse(report) else {
                    panic!("{case}")
                };
                assembly.push(sequence, data).unwrap();
            }
            assert!(assembly.is_complete());
            assert_eq!(assembly.data(), message);
        }
    }
}

/// Peer bug 17: all seven cases, and what is none of them.
// M-transports-17 M-transports-21
#[test]
fn peer_bug_17_apdu_cases() {
    for case in cases("apdu") {
        if case["expected"] == "invalid" {
            assert!(ApduCommand::parse(&unhex(&case["apdu"])).is_err(), "{case}");
            continue;
        }
        let head = unhex(&case["head"]);
        let data = message(number(&case["data_length"]));
        let ne = u32::try_from(number(&case["ne"])).unwrap();
        let command = ApduCommand {
            class: head[0],
            instruction: head[1],
            p1: head[2],
            p2: head[3],
            data: &data,
            expected: (ne > 0).then_some(ne),
            extended: case["extended"].as_bool().unwrap(),
        };
        let apdu = command.encode().unwrap();
        assert_eq!(apdu.len(), number(&case["apdu_length"]), "{case}");
        assert_eq!(
            hex(&apdu[..apdu.len().min(16)]),
            case["apdu_start"].as_str().unwrap(),
            "{case}"
        );
        assert_eq!(
            hex(&apdu[apdu.len() - 4..]),
            case["apdu_end"].as_str().unwrap(),
            "{case}"
        );
        assert!(ApduCommand::parse(&apdu).unwrap() == command, "{case}");
    }
}

#[test]
fn apdus_that_cannot_be_written() {
    let large = vec![0; 65_536];
    for (length, expected, extended) in [
        (256, None, false),
        (0, Some(257), false),
        (0, Some(0), false),
        (65_536, None, true),
        (0, Some(65_537), true),
    ] {
        let command = ApduCommand {
            class: 0,
            instruction: 0,
            p1: 0,
            p2: 0,
            data: &large[..length],
            expected,
            extended,
        };
        assert!(command.encode().is_err(), "{length} {expected:?} {extended}");
    }
}

#[test]
fn responses_have_a_status_word() {
    assert!(ApduResponse::parse(&[]).is_none());
    assert!(ApduResponse::parse(&[0x90]).is_none());
    let response = ApduResponse::parse(&[1, 2, 0x91, 0]).unwrap();
    assert_eq!((response.data, response.status), (&[1, 2][..], 0x9100));
}
