"""Connections in a confined session: it cannot connect, so the host does and hands the connected descriptor over.

Rust runs this, as the module `_bessemer_network`, in sessions that were granted hosts. What connects by `socket` or
`asyncio` works as it always does: urllib, http.client, ssl, and what is built upon them. Not here: who may connect where,
which the host decides (session/net.rs), and what connects by C code of its own, which cannot.
"""

import errno
import os
import socket
import struct

from _bessemer import when_imported

INTERNET = (socket.AF_INET, socket.AF_INET6)
SERVICES = {"http": 80, "https": 443}
MOST = 4096  # bytes of an answer
# What was set before a connection is there, and must hold for it.
KEPT = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    *((socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}"))
      for name in ("NODELAY", "KEEPIDLE", "KEEPINTVL", "KEEPCNT", "USER_TIMEOUT") if hasattr(socket, f"TCP_{name}")),
]

host = None  # the socket on which the host is asked
system = {"connect": socket.socket.connect, "connect_ex": socket.socket.connect_ex, "getaddrinfo": socket.getaddrinfo}


def start(descriptor):
    """From here on, connections are asked for on this descriptor."""
    global host
    host = socket.socket(fileno=descriptor)
    socket.socket.connect = connect
    socket.socket.connect_ex = connect_ex
    socket.getaddrinfo = getaddrinfo
    when_imported("asyncio.selector_events", patch_asyncio)


def ours(sock):
    """Whether the host connects this one."""
    return sock.family in INTERNET and sock.type == socket.SOCK_STREAM


def text(name):
    if isinstance(name, (bytes, bytearray)):
        return bytes(name).decode("ascii")
    return name if name.isascii() else name.encode("idna").decode("ascii")


def ask(address):
    """Asks for a connection: where the answer will come."""
    if not isinstance(address, tuple) or len(address) < 2:
        raise TypeError(f"an address is a pair of host and port, not {address!r}")
    name, port = text(address[0]), int(address[1])
    if not 0 <= port <= 65535:
        raise OverflowError("connect(): port must be 0-65535.")
    answer, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(host, [struct.pack("<H", port) + name.encode()], [theirs.fileno()])
    return answer


def take(answer, sock):
    """Makes the socket the connection that has been answered with, or raises why there is none."""
    data, descriptors, _, _ = socket.recv_fds(answer, MOST, 1, socket.MSG_CMSG_CLOEXEC)
    if not data:
        raise ConnectionError("the host makes no connections any more")
    what, number = struct.unpack_from("<Bi", data)
    message = data[struct.calcsize("<Bi"):].decode()
    if what == 0 and descriptors:
        options = [(*option, sock.getsockopt(*option)) for option in KEPT]
        try:
            os.dup2(descriptors[0], sock.fileno(), inheritable=sock.get_inheritable())
        finally:
            os.close(descriptors[0])
        sock.settimeout(sock.gettimeout())
        for option in options:
            sock.setsockopt(*option)
    elif what == 1:
        raise PermissionError(errno.EACCES, message)
    elif what == 2:
        raise socket.gaierror(socket.EAI_NONAME, message)
    else:
        raise OSError(number, message)


def refuse_connected(sock):
    try:
        sock.getpeername()
    except OSError:
        return
    raise OSError(errno.EISCONN, os.strerror(errno.EISCONN))


def connect(self, address):
    """socket.connect. One that does not block is connected when this returns."""
    if not ours(self):
        return system["connect"](self, address)
    refuse_connected(self)
    with ask(address) as answer:
        answer.settimeout(self.gettimeout() or None)
        take(answer, self)


def connect_ex(self, address):
    if not ours(self):
        return system["connect_ex"](self, address)
    try:
        connect(self, address)
    except TimeoutError as problem:
        return problem.errno or errno.EAGAIN
    except socket.gaierror:
        raise
    except OSError as problem:
        return problem.errno or errno.EIO
    return 0


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """The name itself is its address: the host looks it up, and nobody before."""
    if host is None or host in ("", b"") or flags & socket.AI_PASSIVE:
        return system["getaddrinfo"](host, port, family, type, proto, flags)
    if type not in (0, socket.SOCK_STREAM) or proto not in (0, socket.IPPROTO_TCP):
        raise socket.gaierror(socket.EAI_SOCKTYPE, "only TCP can be granted")
    name = text(host)
    if isinstance(port, (str, bytes)):
        port = port.decode() if isinstance(port, bytes) else port
        if not port.isdigit() and port not in SERVICES:
            raise socket.gaierror(socket.EAI_SERVICE, f"`{port}` is no service that is known here: name a port")
        port = SERVICES.get(port) or int(port)
    six = ":" in name or family == socket.AF_INET6
    if family not in (0, *INTERNET) or (":" in name and family == socket.AF_INET):
        raise socket.gaierror(socket.EAI_ADDRFAMILY, f"`{name}` has no address of that family")
    address = (name, port or 0, 0, 0) if six else (name, port or 0)
    kind = socket.AF_INET6 if six else socket.AF_INET
    canonical = name if flags & socket.AI_CANONNAME else ""
    return [(kind, socket.SOCK_STREAM, socket.IPPROTO_TCP, canonical, address)]


def patch_asyncio(module):
    events = module.BaseSelectorEventLoop
    system["sock_connect"] = events.sock_connect

    async def sock_connect(self, sock, address):
        if not ours(sock):
            return await system["sock_connect"](self, sock, address)
        refuse_connected(sock)
        with ask(address) as answer:
            answer.setblocking(False)
            answered = self.create_future()
            self.add_reader(answer, lambda: answered.done() or answered.set_result(None))
            try:
                await answered
            finally:
                self.remove_reader(answer)
            take(answer, sock)

    events.sock_connect = sock_connect
