#!/usr/bin/env python3
"""A real phone's MMS client: mmsd-tng, the daemon of Linux phones, on a bus of its own, behind a ModemManager that is mocked here.

The job is one JSON object in argv[1]:
  mmsc             URL of the message centre, to which it posts
  number           its own number, +4915...; mmsd knows it as the SIM's
  folder           where it keeps everything (default: a temporary folder, removed at the end)
  imsi             of its SIM (default 262011234567890); mmsd has to know its country, and reads numbers without a country as of that one
  apn              (default mms.example). With vzwinternet, vzwapp or vzwims it tells the centre its number in the header X-VzW-MDN
  proxy            host:port of an HTTP proxy (default none)
  delivery_reports whether it can ask for them at all (default true); a message asks with its own delivery_report as well
  auto_smil        makes a SMIL where none is given (default false)
  timeout_s        bound on the whole run (default 120)

Orders, one JSON object a line on standard input:
  {"do": "push", "data_hex": ...}      a WAP push: the user data, put together and without headers, as ModemManager delivers it
  {"do": "push", "parts_hex": [...]}   the same as user data of the short messages with their headers; order and repeats do not matter
  {"do": "send", "to": [...], "subject": ..., "smil": ..., "delivery_report": bool, "attachments": [[content id, type, path]...]}
  {"do": "list"}   {"do": "read", "message": path}   {"do": "delete", "message": path}
  {"do": "data", "on": bool}           the modem loses, or has again, its registration and its data connection
  {"do": "stop"}                       or the end of input

What it prints, one JSON object a line:
  ready {number, folder, settings}     orders may come, and it waits for pushes
  pushed {sms}, taken {sms}            a push was handed to mmsd; mmsd has looked at it and deleted it, as it does with every push
  sending {message}, refused {reason}  what mmsd answered the order to send
  added {message, ...}                 its own message, with status draft
  received {message, ...}              one that it fetched, once the centre has taken its m-notifyresp-ind: status, sender, recipients,
                                       subject, smil, date, attachments [{id, type, length, data}], id without its brackets, data in
                                       base64; the other properties as mmsd names them
  status {message, status}             its message's new status: sent, delivered (a report for every recipient has come), read
  delivery_report {message, recipient, status}    retrieved, rejected, expired ...: a delivery report for its message
  send_error, receive_error {...}      mmsd gives a transfer up, after three attempts (errortype 1: no such host, 2: refused, or not
                                       understood)
  data {on}                            the order of that name is carried out
  messages {messages}, read {message}, removed {message}    answers
  error {reason, log}                  it failed, with the end of mmsd's log; it ends
  stopped                              the last word of an orderly end, with exit code 0

Its folder has mmsd.log (mmsd's debugging output), modemmanager.log (every call to the mock) and bus.log.
"""
import base64
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"
try:
    import dbus
    import dbus.mainloop.glib
    from dbusmock import mockobject
    from dbusmock.mockobject import DBusMockObject
    from gi.repository import GLib
except ImportError:
    # They are Debian's, and only Debian's own Python has them.
    if os.path.realpath(sys.executable) == os.path.realpath(SYSTEM_PYTHON):
        raise
    os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])

STARTING_S = 30
CALL_S = 20
LOG_TAIL = 3000

MM = "org.freedesktop.ModemManager1"
MM_PATH = "/org/freedesktop/ModemManager1"
MODEM = MM_PATH + "/Modem/0"
BEARER = MM_PATH + "/Bearer/0"
SIM = MM_PATH + "/SIM/0"
MMS = "org.ofono.mms"
MMS_PATH = "/org/ofono/mms"
SERVICE_PATH = MMS_PATH + "/modemmanager"

# enum MMModemState, MMSmsState, MMSmsPduType
STATE_SEARCHING, STATE_CONNECTED = 7, 11
SMS_RECEIVED = 3
PDU_DELIVER = 1

PUSH_PORT = 2948


def emit(event, **fields):
    octets = (json.dumps({"event": event, **fields}) + "\n").encode()
    while octets:
        octets = octets[os.write(1, octets) :]


def plain(value):
    """A D-Bus value as one of JSON."""
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, float) else str(value)


def dies_with_us():
    """In the child: SIGKILL when this process is gone, however it went."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Trouble(Exception):
    pass


class Modem:
    """ModemManager as mmsd sees it: one modem with a SIM, a connected bearer on the loopback interface, and short messages."""

    def __init__(self, bus, folder, job):
        self.job, self.taken, self.count = job, lambda sms: None, 0
        name = dbus.service.BusName(MM, bus, do_not_queue=True)
        self.manager = DBusMockObject(name, MM_PATH, MM, {"Version": "1.20.4"}, logfile=str(folder / "modemmanager.log"))
        mockobject.objects[MM_PATH] = self.manager
        # Only the modem is below ModemManager's object manager; bearers, SIMs and messages are found by their paths.
        code = f"ret = {{dbus.ObjectPath('{MODEM}'): objects['{MODEM}'].props}}"
        self.manager.AddMethod("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", "a{oa{sa{sv}}}", code)
        self.add_sim()
        self.add_bearer()
        self.add_modem()

    def add_sim(self):
        imsi = self.job["imsi"]
        self.manager.AddObject(SIM, MM + ".Sim", {
            "Active": dbus.Boolean(True), "SimIdentifier": "8949" + imsi, "Imsi": imsi, "OperatorIdentifier": imsi[:5],
            "OperatorName": "Test",
        }, [])

    def add_bearer(self):
        self.manager.AddObject(BEARER, MM + ".Bearer", {
            "Interface": "lo", "Connected": dbus.Boolean(True), "Suspended": dbus.Boolean(False), "IpTimeout": dbus.UInt32(20),
            "BearerType": dbus.UInt32(1),
            "Ip4Config": dbus.Dictionary({
                "method": dbus.UInt32(2), "address": "127.0.0.1", "prefix": dbus.UInt32(8), "dns1": "127.0.0.1",
            }, signature="sv"),
            "Ip6Config": dbus.Dictionary({"method": dbus.UInt32(0)}, signature="sv"),
            "Properties": dbus.Dictionary({"apn": self.job["apn"], "ip-type": dbus.UInt32(1)}, signature="sv"),
        }, [])

    def add_modem(self):
        self.manager.AddObject(MODEM, MM + ".Modem", {
            "Sim": dbus.ObjectPath(SIM), "Bearers": dbus.Array([dbus.ObjectPath(BEARER)], signature="o"),
            "State": dbus.Int32(STATE_CONNECTED), "PowerState": dbus.UInt32(3),
            "OwnNumbers": dbus.Array([self.job["number"]], signature="s"),
            "MaxBearers": dbus.UInt32(1), "MaxActiveBearers": dbus.UInt32(1), "Manufacturer": "Test", "Model": "Phone",
            "EquipmentIdentifier": "490154203237518", "DeviceIdentifier": "phone", "Device": "/sys/devices/virtual/phone",
        }, [("ListBearers", "", "ao", "ret = self.props[self.interface]['Bearers']")])
        modem = mockobject.objects[MODEM]
        modem.AddProperties(MM + ".Modem.Messaging", {
            "Messages": dbus.Array([], signature="o"), "SupportedStorages": dbus.Array([dbus.UInt32(2)], signature="u"),
            "DefaultStorage": dbus.UInt32(2),
        })
        modem.sms_deleted = self.deleted
        modem.AddMethods(MM + ".Modem.Messaging", [
            ("List", "", "ao", "ret = self.props['" + MM + ".Modem.Messaging']['Messages']"),
            ("Delete", "o", "", "self.sms_deleted(args[0])"),
        ])
        self.modem = modem

    def messages(self, change):
        old = self.modem.props[MM + ".Modem.Messaging"]["Messages"]
        self.modem.UpdateProperties(MM + ".Modem.Messaging", {"Messages": dbus.Array(change(list(old)), signature="o")})

    def deliver(self, data, sender):
        """A short message has come, with these octets of user data."""
        path = f"{MM_PATH}/SMS/{self.count}"
        self.count += 1
        self.manager.AddObject(path, MM + ".Sms", {
            "State": dbus.UInt32(SMS_RECEIVED), "PduType": dbus.UInt32(PDU_DELIVER), "Number": sender, "Text": "", "SMSC": "",
            "Data": dbus.ByteArray(data), "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S+00", time.gmtime()), "Storage": dbus.UInt32(2),
            "Class": dbus.Int32(-1), "DeliveryReportRequest": dbus.Boolean(False), "MessageReference": dbus.UInt32(0),
        }, [])
        self.messages(lambda all_of_them: [*all_of_them, dbus.ObjectPath(path)])
        self.modem.EmitSignal(MM + ".Modem.Messaging", "Added", "ob", [dbus.ObjectPath(path), True])
        return path

    def deleted(self, path):
        if path not in mockobject.objects:
            raise dbus.exceptions.DBusException("no such message", name=MM + ".Error.Core.NotFound")
        self.manager.RemoveObject(path)
        self.messages(lambda all_of_them: [one for one in all_of_them if one != path])
        self.modem.EmitSignal(MM + ".Modem.Messaging", "Deleted", "o", [path])
        self.taken(str(path))

    def data(self, on):
        """Whether it is registered and has its data connection."""
        old = self.modem.props[MM + ".Modem"]["State"]
        new = dbus.Int32(STATE_CONNECTED if on else STATE_SEARCHING)
        mockobject.objects[BEARER].UpdateProperties(MM + ".Bearer", {"Connected": dbus.Boolean(on)})
        self.modem.UpdateProperties(MM + ".Modem", {"State": new})
        self.modem.EmitSignal(MM + ".Modem", "StateChanged", "iiu", [old, new, dbus.UInt32(0)])


def joined(parts):
    """The push in short messages with user data headers, put together as a phone does it: by reference, total and number."""
    found, total, reference = {}, None, None
    for part in parts:
        elements, at, end = {}, 1, 1 + part[0]
        while at + 2 <= end:
            length = part[at + 1]
            elements[part[at]] = part[at + 2 : at + 2 + length]
            at += 2 + length
        if at != end or end > len(part):
            raise Trouble(f"the user data header of {part.hex()} is damaged")
        ports = elements.get(5)
        if ports is None or int.from_bytes(ports[:2], "big") != PUSH_PORT:
            raise Trouble(f"{part.hex()} is not to port {PUSH_PORT}")
        concat = elements.get(0) or elements.get(8) or b"\0\1\1"
        if reference not in (None, concat[:-2]) or total not in (None, concat[-2]):
            raise Trouble("parts of different messages")
        reference, total = concat[:-2], concat[-2]
        found[concat[-1]] = part[end:]
    if sorted(found) != list(range(1, (total or 0) + 1)):
        raise Trouble(f"parts {sorted(found)} of {total}")
    return b"".join(found[number] for number in sorted(found))


def message_fields(path, properties):
    """A message's properties, with the octets of its attachments out of the files of which mmsd names pieces."""
    fields = {str(key).lower().replace(" ", "_"): plain(value) for key, value in properties.items()}
    attachments = []
    for content_id, kind, file, offset, length in properties.get("Attachments", []):
        try:
            with open(file, "rb") as whole:
                whole.seek(int(offset))
                data = whole.read(int(length))
        except OSError as error:
            raise Trouble(f"attachment {content_id} of {path}: {error}") from error
        name = str(content_id).strip("<>")
        attachments.append({"id": name, "type": str(kind), "length": int(length), "data": base64.b64encode(data).decode()})
    return {"message": str(path), **fields, "attachments": attachments}


class Phone:
    def __init__(self, job):
        self.job = {
            "imsi": "262011234567890", "apn": "mms.example", "proxy": "NULL", "delivery_reports": True, "auto_smil": False,
            "timeout_s": 120, **job,
        }
        self.own_folder = "folder" not in job
        self.folder = Path(tempfile.mkdtemp(prefix="phone-") if self.own_folder else job["folder"]).resolve()
        self.children, self.input, self.code, self.starting = [], b"", 0, None
        self.loop = GLib.MainLoop()

    # --- its programs

    def child(self, log, *command, **more):
        with open(self.folder / log, "wb") as out:
            more = {"stdout": out, **more}
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=out, preexec_fn=dies_with_us, **more)
        self.children.append(child)
        return child

    def start_bus(self):
        config = self.folder / "bus.conf"
        config.write_text(f"""<busconfig><type>session</type><listen>unix:dir={self.folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>""")
        daemon = self.child("bus.log", "dbus-daemon", "--nofork", "--print-address", f"--config-file={config}", stdout=subprocess.PIPE)
        readable, _, _ = select.select([daemon.stdout], [], [], STARTING_S)
        address = daemon.stdout.readline().decode().strip() if readable else ""
        if not address:
            raise Trouble("dbus-daemon gives no address")
        self.address = address
        dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
        return dbus.bus.BusConnection(address)

    def write_settings(self):
        job = self.job
        folder = self.folder / ".mms/modemmanager"
        folder.mkdir(parents=True, exist_ok=True)
        words = {True: "true", False: "false"}
        (folder / "mms").write_text(f"""[Modem Manager]
CarrierMMSC={job["mmsc"]}
MMS_APN={job["apn"]}
CarrierMMSProxy={job["proxy"]}
DefaultModemNumber=NULL
AutoProcessOnConnection=true
AutoProcessSMSWAP=true

[Settings]
UseDeliveryReports={words[job["delivery_reports"]]}
AutoCreateSMIL={words[job["auto_smil"]]}
TotalMaxAttachmentSize=100000000
MaxAttachments=100
ForceCAres=false
""")

    def start_mmsd(self):
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.folder), "LANG": "C.UTF-8", "TZ": "UTC",
            "XDG_CACHE_HOME": str(self.folder / "cache"), "XDG_CONFIG_HOME": str(self.folder / "config"),
            "DBUS_SESSION_BUS_ADDRESS": self.address, "DBUS_SYSTEM_BUS_ADDRESS": self.address,
        }
        mmsd = self.child("mmsd.log", "mmsdtng", "-d", env=environment, cwd=self.folder)

        def ended(_pid, status):
            self.children.remove(mmsd)
            self.fail(f"mmsd has ended ({status})")
        GLib.child_watch_add(GLib.PRIORITY_DEFAULT, mmsd.pid, ended)

    # --- its life

    def run(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (signal.SIGTERM, signal.SIGINT):
            GLib.unix_signal_add(GLib.PRIORITY_HIGH, name, self.loop.quit)
        try:
            bus = self.start_bus()
            self.modem = Modem(bus, self.folder, self.job)
            self.modem.taken = lambda sms: emit("taken", sms=sms)
            self.write_settings()
            self.bus = bus
            # Not those of org.ofono.mms.ModemManager: one has a file descriptor in it that is none.
            for interface in ("Manager", "Service", "Message"):
                bus.add_signal_receiver(
                    self.on_mmsd_signal, dbus_interface=f"{MMS}.{interface}", member_keyword="member", path_keyword="path",
                )
            bus.watch_name_owner(MMS, lambda owner: owner and self.find_service())
            self.start_mmsd()
            self.starting = GLib.timeout_add_seconds(STARTING_S, lambda: self.fail(f"mmsd is not up after {STARTING_S} s"))
            GLib.timeout_add_seconds(self.job["timeout_s"], lambda: self.fail(f"still running after {self.job['timeout_s']} s"))
            self.loop.run()
        except FileNotFoundError as error:
            self.fail(f"{error}; run scripts/install-test-peers.sh")
        except (Trouble, OSError, dbus.exceptions.DBusException) as error:
            self.fail(error)
        finally:
            self.end()
        return self.code

    def fail(self, reason):
        if self.code == 0:
            log = self.folder / "mmsd.log"
            tail = log.read_bytes()[-LOG_TAIL:].decode("utf-8", "replace") if log.exists() else ""
            emit("error", reason=str(reason), log=tail)
        self.code = 1
        self.loop.quit()
        return False

    def end(self):
        # mmsd first, so that it does not see its bus go.
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self.code == 0:
            emit("stopped")

    # --- mmsd

    def call(self, path, interface, method, signature, arguments, on_answer, on_error=None):
        """Never waits for the answer: mmsd may ask the modem, which is in this process, before it answers."""
        self.bus.call_async(
            MMS, path, f"{MMS}.{interface}", method, signature, arguments, on_answer,
            on_error or (lambda error: self.fail(f"{method}: {error}")), timeout=CALL_S,
        )

    def find_service(self):
        def found(services):
            if services:
                self.on_service()
        self.call(MMS_PATH, "Manager", "GetServices", "", (), found)

    def on_service(self):
        if self.starting is None:
            return
        GLib.source_remove(self.starting)
        self.starting = None

        def ready(settings):
            emit("ready", number=self.job["number"], folder=str(self.folder), settings=plain(settings))
            GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, self.on_input)
        self.call(SERVICE_PATH, "Service", "GetProperties", "", (), ready)

    def on_mmsd_signal(self, *arguments, member, path):
        try:
            if member == "ServiceAdded":
                self.on_service()
            elif member == "MessageAdded":
                fields = message_fields(*arguments)
                emit("received" if fields.get("status") == "received" else "added", **fields)
            elif member == "MessageRemoved":
                emit("removed", message=str(arguments[0]))
            elif member == "PropertyChanged":
                self.on_change(str(path), *map(plain, arguments))
            elif member in ("MessageSendError", "MessageReceiveError"):
                fields = {key.lower(): value for key, value in plain(arguments[0]).items()}
                emit("send_error" if "Send" in member else "receive_error", **fields)
        except Trouble as trouble:
            self.fail(trouble)

    def on_change(self, message, name, value):
        if name != "status":
            raise Trouble(f"a property {name} = {value} of {message}")
        if value.startswith("delivery_update,"):
            recipient, status = value.removeprefix("delivery_update,").rsplit("=", 1)
            emit("delivery_report", message=message, recipient=recipient, status=status)
        else:
            emit("status", message=message, status=value)

    # --- orders

    def on_input(self, _descriptor, _condition):
        octets = os.read(0, 1 << 16)
        if not octets:
            self.loop.quit()
            return False
        *lines, self.input = (self.input + octets).split(b"\n")
        for line in lines:
            try:
                order = json.loads(line)
                getattr(self, "do_" + order.pop("do"))(**order)
            except (Trouble, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                return self.fail(f"order {line[:200].decode('utf-8', 'replace')}: {error!r}")
        return True

    def do_push(self, data_hex=None, parts_hex=(), sender="2948"):
        data = bytes.fromhex(data_hex) if data_hex is not None else joined([bytes.fromhex(part) for part in parts_hex])
        emit("pushed", sms=self.modem.deliver(data, sender))

    def do_send(self, to, attachments=(), subject="", smil="", delivery_report=False):
        options = dbus.Dictionary({"DeliveryReport": dbus.Boolean(delivery_report)}, signature="sv")
        if smil:
            options["smil"] = dbus.String(smil)
        if subject:
            options["Subject"] = dbus.String(subject)
        files = dbus.Array([dbus.Struct([str(field) for field in one], signature="sss") for one in attachments], signature="(sss)")
        self.call(
            SERVICE_PATH, "Service", "SendMessage", "asva(sss)", (dbus.Array(to, signature="s"), options, files),
            lambda path: emit("sending", message=str(path)), lambda error: emit("refused", reason=str(error)),
        )

    def do_list(self):
        def listed(messages):
            emit("messages", messages=[message_fields(path, properties) for path, properties in messages])
        self.call(SERVICE_PATH, "Service", "GetMessages", "", (), listed)

    def do_read(self, message):
        self.call(message, "Message", "MarkRead", "", (), lambda: emit("read", message=message))

    def do_delete(self, message):
        self.call(message, "Message", "Delete", "", (), lambda: None)

    def do_data(self, on):
        self.modem.data(on)
        emit("data", on=on)

    def do_stop(self):
        self.loop.quit()


if __name__ == "__main__":
    sys.exit(Phone(json.loads(sys.argv[1])).run())
