#!/usr/bin/env node
// The gateway that is written in an afternoon: SMPP in, SMPP out, with node's smpp module. It keeps nothing: what it holds when it ends
// is lost. Submissions go to the carrier with the most room in its window, responses come back, receipts go to the session that submitted.
//
// The job, one JSON object in argv[2]:
//   host, port     the carrier
//   binds          transceivers to it
//   window         unanswered submit_sm on each of them
// Output, JSON lines: listening {port} once all binds are up, failed {reason}. It ends when its standard input does.
'use strict';
const smpp = require('smpp');

const job = JSON.parse(process.argv[2]);
const emit = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + '\n');
const WAITING = 10000; // submissions that wait for a window; more are refused
const EARLY = 10000; // receipts that came before the response to their message

const carriers = [];
const waiting = [];
let first = 0; // of `waiting`: shifting an array for each message would cost the square of its length
const owners = new Map(); // message id -> the session that submitted it
const early = new Map(); // message id -> a receipt and where to answer it

function fail(reason) {
  emit('failed', { reason: String(reason) });
  process.stdout.write('', () => process.exit(1));
}

/// The PDU for another session, which gives it a sequence number of its own.
const anew = (pdu) => ({ ...pdu, sequence_number: 0, command_status: 0 });

function roomiest() {
  let best;
  for (const carrier of carriers) {
    if (carrier.unanswered < job.window && (!best || carrier.unanswered < best.unanswered)) best = carrier;
  }
  return best;
}

function passOn(carrier, session, pdu) {
  carrier.unanswered += 1;
  carrier.session.submit_sm(anew(pdu), (resp) => {
    carrier.unanswered -= 1;
    const ok = resp.command_status === 0;
    session.send(pdu.response(ok ? { message_id: resp.message_id } : { command_status: resp.command_status }));
    if (ok && pdu.registered_delivery & 3) {
      const receipt = early.get(resp.message_id);
      if (receipt) {
        early.delete(resp.message_id);
        deliver(session, receipt.carrier, receipt.pdu);
      } else {
        owners.set(resp.message_id, session);
      }
    }
    next(carrier);
  });
}

function next(carrier) {
  while (first < waiting.length && carrier.unanswered < job.window) {
    const { session, pdu } = waiting[first];
    waiting[first++] = undefined;
    passOn(carrier, session, pdu);
  }
  if (first === waiting.length) {
    waiting.length = 0;
    first = 0;
  }
}

function deliver(session, carrier, pdu) {
  const sent = session.deliver_sm(anew(pdu), (resp) => carrier.send(pdu.response({ command_status: resp.command_status })));
  if (!sent) carrier.send(pdu.response({ command_status: smpp.ESME_RX_T_APPN }));
}

function onDeliver(carrier, pdu) {
  const text = pdu.short_message && pdu.short_message.message;
  const found = /id:(\S+)/.exec(Buffer.isBuffer(text) ? text.toString('latin1') : text || '');
  const id = pdu.receipted_message_id || (found && found[1]);
  const owner = id && owners.get(id);
  if (owner) {
    owners.delete(id);
    deliver(owner, carrier, pdu);
  } else if (id && early.size < EARLY) {
    early.set(id, { carrier, pdu });
  } else {
    carrier.send(pdu.response({ command_status: smpp.ESME_RX_P_APPN }));
  }
}

function connect() {
  return new Promise((resolve) => {
    const session = smpp.connect({ host: job.host, port: job.port }, () => {
      session.socket.setNoDelay(true);
      session.bind_transceiver({ system_id: 'relay', password: 'relay' }, (resp) => {
        if (resp.command_status !== 0) return fail(`the carrier refused the bind with status ${resp.command_status}`);
        return resolve();
      });
    });
    carriers.push({ session, unanswered: 0 });
    session.on('error', fail);
    session.on('close', () => fail('the carrier closed the connection'));
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('deliver_sm', (pdu) => onDeliver(session, pdu));
  });
}

const server = smpp.createServer((session) => {
  session.socket.setNoDelay(true);
  session.on('error', () => session.destroy());
  for (const mode of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(mode, (pdu) => session.send(pdu.response({ system_id: 'relay' })));
  }
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('submit_sm', (pdu) => {
    const carrier = first < waiting.length ? undefined : roomiest();
    if (carrier) passOn(carrier, session, pdu);
    else if (waiting.length - first < WAITING) waiting.push({ session, pdu });
    else session.send(pdu.response({ command_status: smpp.ESME_RMSGQFUL }));
  });
});

Promise.all(Array.from({ length: job.binds }, connect)).then(() => {
  server.listen(0, '127.0.0.1', () => emit('listening', { port: server.address().port }));
});
process.stdin.resume().on('end', () => process.exit(0));
