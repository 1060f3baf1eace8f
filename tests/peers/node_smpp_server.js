#!/usr/bin/env node
// A carrier (SMSC) on node's smpp module. It takes binds, answers submit_sm, sends receipts and MO, and prints what it got.
//
// The job, one JSON object in argv[2]:
//   port            to listen on (0: any; the event "listening" says which)
//   system_id, password
//   ids             how message ids stand in submit_sm_resp: "decimal" (default) or "hex"
//   receipt_ids     how they stand in receipts: "decimal" (default) or "hex"
//   receipts        "after" the response (default), "before" it, "other_bind" (through another session), "none"
//   receipt_state   DELIVRD (default), UNDELIV, ...
//   delay_ms        how long each answer takes (default 0)
//   tls             {key, cert}: files in PEM; then it takes TLS connections only
// Commands, JSON lines on standard input:
//   {"cmd":"mo","source":..,"dest":..,"text":.. or "hex":..[,"data_coding":8][,"udh":hex]}   to one bound receiver
//   {"cmd":"refuse","status":88,"count":3}                            the next submits get this status
//   {"cmd":"ignore","count":3}                                        the next submits are recorded and never answered
//   {"cmd":"away"} / {"cmd":"back"}                                   close every session and refuse new ones / take them again
// A submitted text that starts with "ECHO " comes back as an MO with the rest of the text.
// Output, JSON lines: listening {port}, bound {system_id, mode, interface_version}, submit {...}, refused, delivered {status, about: the receipt's message}, unbound, closed.
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const job = JSON.parse(process.argv[2]);
const emit = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + '\n');
const sessions = new Map(); // session -> bind mode
let nextId = 0x1f00a1;
let away = false;
let refuse = { status: 0, count: 0 };
let ignore = 0;

const spell = (id, how) => (how === 'hex' ? id.toString(16).toUpperCase().padStart(8, '0') : String(id));
const receivers = () => [...sessions].filter(([, mode]) => mode !== 'bind_transmitter').map(([session]) => session);

function stamp(date) {
  return date.toISOString().replace(/[-T:]/g, '').slice(2, 12);
}

function deliver(session, fields, about) {
  session.deliver_sm(fields, (resp) => emit('delivered', { status: resp.command_status, about }));
}

function sendReceipt(session, pdu, id) {
  let through = session;
  if (job.receipts === 'other_bind') through = receivers().find((other) => other !== session);
  if (!through || sessions.get(through) === 'bind_transmitter') through = receivers()[0];
  if (!through) return emit('receipt_lost', { id });
  const now = stamp(new Date());
  const state = job.receipt_state || 'DELIVRD';
  const text = `id:${spell(id, job.receipt_ids)} sub:001 dlvrd:${state === 'DELIVRD' ? '001' : '000'} submit date:${now} done date:${now} stat:${state} err:000 text:`;
  deliver(through, {
    source_addr_ton: pdu.dest_addr_ton, source_addr_npi: pdu.dest_addr_npi, source_addr: pdu.destination_addr,
    dest_addr_ton: pdu.source_addr_ton, dest_addr_npi: pdu.source_addr_npi, destination_addr: pdu.source_addr,
    esm_class: 0x04, data_coding: 0, short_message: text,
  }, pdu.short_message && pdu.short_message.message);
}

function content(value) {
  if (!value) return {};
  const message = value.message;
  const fields = Buffer.isBuffer(message) ? { hex: message.toString('hex') } : { text: message };
  if (value.udh) fields.udh = value.udh.map((element) => element.toString('hex'));
  return fields;
}

function record(pdu, id) {
  const tlvs = {};
  for (const key of Object.keys(pdu)) {
    if (/^\d+$/.test(key)) tlvs[key] = pdu[key].toString('hex');
  }
  emit('submit', {
    id: spell(id, job.ids), source: pdu.source_addr, source_ton: pdu.source_addr_ton, dest: pdu.destination_addr,
    dest_ton: pdu.dest_addr_ton, esm_class: pdu.esm_class, data_coding: pdu.data_coding, protocol_id: pdu.protocol_id,
    registered_delivery: pdu.registered_delivery, validity: pdu.validity_period || undefined, ...content(pdu.short_message),
    sar: pdu.sar_total_segments ? [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum] : undefined,
    payload: pdu.message_payload ? content(pdu.message_payload) : undefined, tlvs,
  });
}

function onSubmit(session, pdu) {
  if (refuse.count > 0) {
    refuse.count -= 1;
    emit('refused', { status: refuse.status });
    session.send(pdu.response({ command_status: refuse.status }));
    return;
  }
  const id = nextId++;
  const asked = pdu.registered_delivery & 3; // 1: any final state, 2: failures only
  const failure = (job.receipt_state || 'DELIVRD') !== 'DELIVRD';
  const wanted = (asked === 1 || (asked === 2 && failure)) && job.receipts !== 'none';
  record(pdu, id);
  if (ignore > 0) {
    ignore -= 1;
    return;
  }
  if (wanted && job.receipts === 'before') sendReceipt(session, pdu, id);
  session.send(pdu.response({ message_id: spell(id, job.ids) }));
  if (wanted && job.receipts !== 'before') sendReceipt(session, pdu, id);
  const text = pdu.short_message && pdu.short_message.message;
  if (typeof text === 'string' && text.startsWith('ECHO ')) {
    const through = receivers()[0];
    if (through) deliver(through, mo(pdu.destination_addr, pdu.source_addr, text.slice(5)));
  }
}

function mo(source, dest, text, dataCoding, udh) {
  return {
    source_addr_ton: 1, source_addr_npi: 1, source_addr: source, dest_addr_ton: 3, destination_addr: dest, esm_class: udh ? 0x40 : 0,
    short_message: udh ? { udh: Buffer.from(udh, 'hex'), message: text } : text, data_coding: dataCoding === undefined ? 0 : dataCoding,
  };
}

const options = job.tls ? { key: fs.readFileSync(job.tls.key), cert: fs.readFileSync(job.tls.cert) } : {};
const server = smpp.createServer(options, (session) => {
  if (away) {
    session.on('error', () => {});
    session.destroy();
    return;
  }
  session.on('error', (e) => emit('session_error', { reason: String(e) }));
  session.on('close', () => {
    sessions.delete(session);
    emit('closed', {});
  });
  for (const mode of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(mode, (pdu) => {
      const right = pdu.system_id === (job.system_id || 'waxwing') && pdu.password === (job.password || 'secret');
      if (!right) {
        session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
        session.close();
        return;
      }
      sessions.set(session, mode);
      session.send(pdu.response({ system_id: 'node-smsc' }));
      emit('bound', { system_id: pdu.system_id, mode, interface_version: pdu.interface_version });
    });
  }
  session.on('submit_sm', (pdu) => {
    if (!sessions.has(session)) return session.send(pdu.response({ command_status: smpp.ESME_RINVBNDSTS }));
    if (job.delay_ms) return setTimeout(() => onSubmit(session, pdu), job.delay_ms);
    return onSubmit(session, pdu);
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    emit('unbound', {});
    session.send(pdu.response());
    session.close();
  });
  session.on('unknown', (pdu) => session.send(pdu.response()));
});

server.listen(job.port || 0, '127.0.0.1', () => emit('listening', { port: server.address().port }));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  if (order.cmd === 'mo') {
    const through = receivers()[0];
    if (through) deliver(through, mo(order.source, order.dest, order.hex === undefined ? order.text : Buffer.from(order.hex, 'hex'), order.data_coding, order.udh));
    else emit('error', { reason: 'nobody is bound to receive' });
  } else if (order.cmd === 'refuse') {
    refuse = { status: order.status, count: order.count };
  } else if (order.cmd === 'ignore') {
    ignore = order.count;
  } else if (order.cmd === 'away') {
    away = true;
    for (const session of sessions.keys()) session.destroy();
  } else if (order.cmd === 'back') {
    away = false;
  }
  emit('obeyed', { cmd: order.cmd });
}).on('close', () => process.exit(0));
