"""An RTSP server for recordings: GStreamer's, run by the system's own Python, which has its bindings.

    /usr/bin/python3 rtsp_server.py PORT [--user U --password P] [--codec h264|h265] /path=FILE.mp4 ...

Writes `ready` and its port once it listens; PORT 0 is one that is free. Each mount plays its file in real
time, from the start for the first client. A line on standard input is answered with a JSON object: how many
frames each mount has sent. Ends with its standard input where `--tied` is given.
"""

import argparse
import json
import sys
from typing import Any

LAUNCH = {
    "h264": "( filesrc location={} ! qtdemux ! h264parse config-interval=1 ! rtph264pay name=pay0 pt=96 )",
    "h265": "( filesrc location={} ! qtdemux ! h265parse config-interval=1 ! rtph265pay name=pay0 pt=96 )",
}


def main() -> int:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("mounts", nargs="+")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--codec", default="h264")
    parser.add_argument("--tied", action="store_true")
    options = parser.parse_args()

    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    if options.user:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(2)  # digest
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest(options.user, options.password, token)
        server.set_auth(auth)
    sent: dict[str, int] = {}

    def count(media: Any, path: str) -> None:
        """Count a medium's frames where the payloader takes them, which waits for their time."""
        last: list[int] = []

        def passing(_pad: Any, info: Any) -> Any:
            stamp = info.get_buffer().pts
            if last != [stamp]:
                last[:] = [stamp]
                sent[path] += 1
            return Gst.PadProbeReturn.OK

        pad = media.get_element().get_by_name("pay0").get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.BUFFER, passing)

    for mount in options.mounts:
        path, _, file = mount.partition("=")
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(LAUNCH[options.codec].format(file))
        factory.set_shared(True)
        sent[path] = 0
        factory.connect("media-configure", lambda _factory, media, path=path: count(media, path))
        if options.user:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("viewer", "media.factory.access", True)
            permissions.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    if server.attach(None) == 0:
        say("cannot listen")
        return 1
    say(f"ready {server.get_bound_port()}")
    loop = GLib.MainLoop()

    def asked(stream: Any, _condition: Any) -> bool:
        if stream.readline():
            say(json.dumps(sent))
            return True
        loop.quit()
        return False

    if options.tied:
        GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, asked)
    loop.run()
    return 0


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
