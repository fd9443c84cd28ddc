package dev.wren.gateway.executor.local;

import dev.wren.protocol.Frame;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.WireWriter;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A worker of another version: {@code local --folder FOLDER}. */
final class OldWorker {

    private OldWorker() {
    }

    public static void main(String[] arguments) throws IOException {
        try (SocketChannel gateway = SocketChannel
                .open(UnixDomainSocketAddress.of(Path.of(arguments[2]).resolve("socket")))) {
            WireWriter out = new WireWriter(64);
            int start = Frame.HELLO.begin(out);
            new Frame.Hello(Protocol.VERSION - 1, ProcessHandle.current().pid(), "25").write(out);
            Frame.end(out, start);
            out.drainTo(gateway);
            // Until the gateway ends the connection.
            while (gateway.read(ByteBuffer.allocate(1)) > 0) {
                continue;
            }
        }
    }
}
