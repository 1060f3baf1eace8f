#!/usr/bin/env node
// An ESME on node's smpp module. The job in argv[2] and the JSON lines are those of common.py; further:
//   tls_ca   a file in PEM: speak TLS, and trust certificates that it has signed
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const job = JSON.parse(process.argv[2]);
const emit = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + '\n');
const accepted = new Set();
const receipts = new Set();
let submitted = 0;
let answered = 0;
let mo = 0;
let finished = false;

function fail(reason) {
  emit('error', { reason: String(reason) });
  process.exitCode = 1;
  process.stdout.write('', () => process.exit(1));
}

setTimeout(() => {
  const missing = [...accepted].filter((id) => !receipts.has(id));
  fail(`not complete in time: ${answered} of ${submitted} answers, receipts missing for ${missing}, ${mo} MO`);
}, (job.timeout_s || 30) * 1000).unref();

function complete() {
  return answered === submitted && [...accepted].every((id) => receipts.has(id)) && mo >= (job.expect_mo || 0);
}

function onDeliver(session, pdu) {
  session.send(pdu.response());
  const content = pdu.short_message.message;
  const text = Buffer.isBuffer(content) ? content.toString('latin1') : content;
  if ((pdu.esm_class & 0x3c) === 0x04) {
    const id = /id:(\S+)/.exec(text);
    const state = /stat:(\S+)/.exec(text);
    if (!id || !state) return fail(`a receipt without id or stat: ${text}`);
    receipts.add(id[1]);
    emit('receipt', { message_id: id[1], state: state[1], esm_class: pdu.esm_class, text });
  } else {
    mo += 1;
    emit('mo', { source: pdu.source_addr, dest: pdu.destination_addr, text, data_coding: pdu.data_coding });
  }
  finishIfComplete();
}

const tls = job.tls_ca ? { tls: true, ca: fs.readFileSync(job.tls_ca) } : {};
const sessions = [];
let allSent = false;
function finishIfComplete() {
  if (finished || !allSent || !complete()) return;
  finished = true;
  let open = sessions.length;
  for (const session of sessions) {
    session.unbind(() => {
      session.close();
      open -= 1;
      if (open === 0) {
        emit('done', {});
        process.stdout.write('', () => process.exit(0));
      }
    });
  }
}

function submit(session, kind, part, fields) {
  submitted += 1;
  session.submit_sm({
    source_addr_ton: 3, source_addr: job.source,
    dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: job.dest,
    registered_delivery: 1, ...fields,
  }, (resp) => {
    answered += 1;
    if (resp.command_status === 0) accepted.add(resp.message_id);
    emit('submitted', { kind, part, status: resp.command_status, message_id: resp.message_id || '' });
    finishIfComplete();
  });
}

function split(text, size) {
  const parts = [];
  for (let i = 0; i < text.length; i += size) parts.push(text.slice(i, i + size));
  return parts;
}

function send(session, { kind, text }) {
  if (kind === 'gsm7') {
    submit(session, kind, 1, { short_message: text }); // the module says data_coding 1 for the GSM alphabet
  } else if (kind === 'ucs2') {
    submit(session, kind, 1, { short_message: text, data_coding: 8 });
  } else if (kind === 'udh') {
    const parts = split(text, 67);
    parts.forEach((part, i) => submit(session, kind, i + 1, {
      data_coding: 8, short_message: { udh: Buffer.from([5, 0, 3, 0x5a, parts.length, i + 1]), message: part },
    }));
  } else if (kind === 'sar') {
    const parts = split(text, 153);
    parts.forEach((part, i) => submit(session, kind, i + 1, {
      short_message: part, data_coding: 0, sar_msg_ref_num: 0x0102, sar_total_segments: parts.length, sar_segment_seqnum: i + 1,
    }));
  } else if (kind === 'payload') {
    submit(session, kind, 1, { data_coding: 0, message_payload: text });
  } else {
    fail(`node's smpp cannot send the kind ${kind}`);
  }
}

function bind(command) {
  return new Promise((resolve) => {
    const session = smpp.connect({ host: job.host, port: job.port, ...tls }, () => {
      session[command]({ system_id: job.system_id, password: job.password }, (resp) => {
        if (resp.command_status !== 0) {
          emit('bind_failed', { status: resp.command_status });
          process.stdout.write('', () => process.exit(1));
          return;
        }
        resolve(session);
      });
    });
    sessions.push(session);
    session.on('error', (e) => { if (!finished) fail(e); });
    session.on('close', () => { if (!finished) fail('the server closed the connection'); });
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('deliver_sm', (pdu) => onDeliver(session, pdu));
  });
}

(async () => {
  const commands = job.bind === 'pair' ? ['bind_transmitter', 'bind_receiver'] : ['bind_transceiver'];
  const bound = await Promise.all(commands.map(bind));
  emit('bound', {});
  for (const message of job.messages) send(bound[0], message);
  allSent = true;
  finishIfComplete();
})();
