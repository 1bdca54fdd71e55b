//! The whole database set back to an earlier state.

use fido_unlock::ErrorCode;
use fido_unlock::desk::DeskError;
use fido_unlock_mock::desk::TestDesk;
use rusqlite::Connection;

use crate::house::{ANNA, House, code_of, device};
use crate::scene::{Scene, by_hand};

fn search(house: &mut House, scene: &Scene) -> Result<(), DeskError> {
    house.desk.search(&scene.anna, "zoe").map(drop)
}

/// The database of a process that runs, as a restore of a backup into it leaves it.
fn set_back(scene: &Scene, house: &House) {
    let mut database = Connection::open(house.database.as_ref().unwrap()).unwrap();
    let early = Connection::open(scene.early()).unwrap();
    rusqlite::backup::Backup::new(&early, &mut database)
        .unwrap()
        .step(-1)
        .unwrap();
}

fn opened(scene: &Scene, world: TestDesk) -> Result<House, DeskError> {
    House::over(world, &scene.put(&scene.early()))
}

#[test]
fn a_process_that_saw_the_later_state_refuses_the_earlier_one() {
    let scene = Scene::new();
    let mut house = House::over(scene.world(), &scene.put(&scene.late())).unwrap();
    search(&mut house, &scene).unwrap();
    set_back(&scene, &house);
    assert_eq!(code_of(search(&mut house, &scene)), ErrorCode::StoreSetBack);
}

#[test]
fn with_an_anchor_a_restarted_process_does_too() {
    let scene = Scene::new();
    let mut world = scene.world();
    world.anchored = true;
    drop(House::over(world.clone(), &scene.put(&scene.late())).unwrap());
    assert_eq!(code_of(opened(&scene, world)), ErrorCode::StoreSetBack);
}

/// docs/security.md says so.
#[test]
fn without_an_anchor_a_restarted_process_takes_the_earlier_state() {
    let scene = Scene::new();
    let mut house = opened(&scene, scene.world()).unwrap();
    search(&mut house, &scene).unwrap();
    house.desk.verify_audit(&[]).unwrap();
    // Whoever was signed out since is signed in again there.
    house.sign_in(ANNA);
    house.desk.search(&scene.gone, "zoe").unwrap();
}

/// Head, map and rows of the earlier state under the log of the later one: nothing can be written any more, and why is
/// told.
#[test]
fn an_earlier_state_under_the_later_log_is_refused() {
    let scene = Scene::new();
    let path = scene.put(&scene.late());
    by_hand(&path, &scene.early(), |connection| {
        for table in ["head", "rows", "nodes"] {
            let text =
                format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM early.{table}");
            connection.execute_batch(&text).unwrap();
        }
    });
    let mut house = House::over(scene.world(), &path).unwrap();
    let found = house.desk.find_device(&scene.anna, &device(1));
    assert_eq!(code_of(found), ErrorCode::StoreTampered);
}
