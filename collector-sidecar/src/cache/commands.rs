//! What Redis is asked, and what it answers.

use redis::{Pipeline, RedisError, RedisResult, Value, from_redis_value};

use super::scope::Place;
use super::seal::Mark;

/// The field of a record in its stream.
const FIELD: &str = "r";

/// The most records that one lookup reads.
const MAX_READ: usize = 256;

/// A record in a stream, sealed.
pub type Placed = (Place, Vec<u8>);

/// What a lookup finds.
#[derive(Debug)]
pub struct Seen {
    /// The sealed answer to the very same prompt.
    pub answer: Option<Vec<u8>>,
    /// The place of the oldest record.
    pub oldest: Option<Place>,
    /// The records after those that were read already.
    pub new: Vec<Placed>,
}

/// Asks for an answer, and for the records after a place.
#[must_use]
pub fn look(answer_key: &str, records_key: &str, after: Place) -> Pipeline {
    let mut pipe = redis::pipe();
    pipe.cmd("GET").arg(answer_key);
    pipe.cmd("XRANGE").arg(records_key).arg("-").arg("+").arg("COUNT").arg(1);
    let rest = pipe.cmd("XRANGE").arg(records_key).arg(after.next().to_string()).arg("+");
    rest.arg("COUNT").arg(MAX_READ);
    pipe
}

/// Reads the answer to [`look`].
///
/// # Errors
/// It is none.
pub fn seen(answer: Value) -> RedisResult<Seen> {
    let (answer, oldest, new): (Option<Vec<u8>>, Value, Value) = from_redis_value(answer)?;
    let oldest = placed(oldest)?.first().map(|(place, _)| *place);
    Ok(Seen { answer, oldest, new: placed(new)? })
}

/// Asks for an answer.
#[must_use]
pub fn get(answer_key: &str) -> Pipeline {
    let mut pipe = redis::pipe();
    pipe.cmd("GET").arg(answer_key);
    pipe
}

/// Reads the answer to [`get`].
///
/// # Errors
/// It is none.
pub fn got(answer: Value) -> RedisResult<Option<Vec<u8>>> {
    let (sealed,) = from_redis_value(answer)?;
    Ok(sealed)
}

/// Has an answer kept, for so many milliseconds.
#[must_use]
pub fn set(answer_key: &str, sealed: &[u8], ttl: Option<u64>) -> Pipeline {
    let mut pipe = redis::pipe();
    let set = pipe.cmd("SET").arg(answer_key).arg(sealed);
    if let Some(ttl) = ttl {
        set.arg("PX").arg(ttl);
    }
    pipe.ignore();
    pipe
}

/// Adds to [`set`] that a record is kept as long, and asks how many there are.
pub fn append(pipe: &mut Pipeline, records_key: &str, sealed: &[u8], ttl: Option<u64>) {
    pipe.cmd("XADD").arg(records_key).arg("*").arg(FIELD).arg(sealed).ignore();
    match ttl {
        Some(ttl) => pipe.cmd("PEXPIRE").arg(records_key).arg(ttl).ignore(),
        None => pipe.cmd("PERSIST").arg(records_key).ignore(),
    };
    pipe.cmd("XLEN").arg(records_key);
}

/// Reads the answer to [`append`].
///
/// # Errors
/// It is none.
pub fn appended(answer: Value) -> RedisResult<usize> {
    let (count,) = from_redis_value(answer)?;
    Ok(count)
}

/// Asks for the oldest records.
#[must_use]
pub fn oldest(records_key: &str, count: usize) -> Pipeline {
    let mut pipe = redis::pipe();
    pipe.cmd("XRANGE").arg(records_key).arg("-").arg("+").arg("COUNT").arg(count);
    pipe
}

/// Reads the answer to [`oldest`].
///
/// # Errors
/// It is none.
pub fn oldest_seen(answer: Value) -> RedisResult<Vec<Placed>> {
    let (records,): (Value,) = from_redis_value(answer)?;
    placed(records)
}

/// Asks for the marks of answers.
#[must_use]
pub fn marks<'a>(answer_keys: impl Iterator<Item = &'a String>) -> Pipeline {
    let mut pipe = redis::pipe();
    for key in answer_keys {
        pipe.cmd("GETRANGE").arg(key).arg(0).arg(size_of::<Mark>() - 1);
    }
    pipe
}

/// Reads the answer to [`marks`]; empty where there is no answer.
///
/// # Errors
/// It is none.
pub fn marks_seen(answer: Value) -> RedisResult<Vec<Vec<u8>>> {
    Ok(from_redis_value(answer)?)
}

/// Has records and answers removed.
#[must_use]
pub fn remove(records_key: &str, places: &[Place], answer_keys: &[String]) -> Pipeline {
    let mut pipe = redis::pipe();
    let removed = pipe.cmd("XDEL").arg(records_key);
    for place in places {
        removed.arg(place.to_string());
    }
    pipe.ignore();
    if !answer_keys.is_empty() {
        pipe.cmd("DEL").arg(answer_keys).ignore();
    }
    pipe
}

fn placed(records: Value) -> RedisResult<Vec<Placed>> {
    let records: Vec<(String, Vec<Vec<u8>>)> = from_redis_value(records)?;
    let record = |(place, fields): (String, Vec<Vec<u8>>)| {
        let place = Place::parse(&place).ok_or_else(|| malformed("no place in a stream"))?;
        // What has another form was not stored here, and does not open.
        Ok((place, fields.into_iter().nth(1).unwrap_or_default()))
    };
    records.into_iter().map(record).collect()
}

fn malformed(what: &'static str) -> RedisError {
    RedisError::from((redis::ErrorKind::UnexpectedReturnType, what))
}
