package dev.wren.worker;

import dev.wren.protocol.Frame;
import dev.wren.protocol.Frame.WorkerSettings;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import dev.wren.protocol.jvm.Folders;
import dev.wren.worker.run.WorkerClock;
import dev.wren.worker.run.WorkingFolder;
import dev.wren.worker.training.TrainingJar;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs a worker and the other side of its socket in one process, so that the Java machine sees, and can keep in its AOT
 * cache, what a worker needs from its start to its first calls.
 */
final class Training {

    private static final int ROUNDS = 20;
    private static final String FUNCTION = TrainingJar.FUNCTION;
    private final Path folder;
    private final TrainingJar jar;

    private Training(Path folder) throws IOException {
        this.folder = folder;
        jar = TrainingJar.write(folder.resolve("training.jar"));
    }

    /** Does it all, in a temporary folder of its own. */
    static void run() throws IOException {
        Path folder = Files.createTempDirectory("wren-training");
        try {
            new Training(folder).train();
        } finally {
            Folders.delete(folder);
        }
    }

    private void train() throws IOException {
        Path socket = folder.resolve("socket");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Thread gateway = new Thread(() -> talk(server), "wren-training-gateway");
            gateway.setDaemon(true);
            gateway.start();
            new LocalWorker(Connection.to(socket), WorkerClock.system(), folder.resolve("progress"), () -> {
            }).run(folder.resolve("output"), new WorkingFolder(Files.createDirectory(folder.resolve("cwd"))));
        }
    }

    private void talk(ServerSocketChannel server) {
        try (SocketChannel channel = server.accept()) {
            read(channel);
            WireWriter out = new WireWriter(1024);
            int start = Frame.WELCOME.begin(out);
            new WorkerSettings("training", 1024, 1 << 20, 256, 1024, 100).write(out);
            Frame.end(out, start);
            out.drainTo(channel);
            for (int i = 0; i < ROUNDS; i++) {
                ask(channel, i, FUNCTION, TrainingJar.ORDER, "{\"id\":7}", "null");
                ask(channel, i, FUNCTION + "::untyped", "1", "[1,2.5,\"x\",true,null,{\"a\":{}}]", "\"x\"");
                ask(channel, i, FUNCTION + "::square", "3", "\"x\"", "3.5");
                ask(channel, i, FUNCTION + "::print", "\"short\"", "\"" + "long".repeat(500) + "\"");
                ask(channel, i, FUNCTION + "::fail", "\"on purpose\"");
            }
        } catch (IOException e) {
            throw new IllegalStateException("training has failed", e);
        }
    }

    private void ask(SocketChannel channel, int round, String handler, String... data) throws IOException {
        WireWriter out = new WireWriter(4096);
        int start = Frame.INVOKE.begin(out);
        new Invocation(Protocol.VERSION, "training-" + round, data.length,
                List.of(new Invocation.Jar(jar.sha256(), jar.file().toString())), handler, Invocation.NO_ARGUMENTS,
                List.of(),
                "{}", 0, 1000).write(out);
        out.putInt(data.length);
        for (int i = 0; i < data.length; i++) {
            out.putInt(i);
            out.putInt(1);
            out.putString(data[i]);
        }
        Frame.end(out, start);
        out.drainTo(channel);
        int reported = 0;
        while (reported < data.length) {
            reported += reports(channel);
        }
        Frame.end(out, Frame.RECALL.begin(out));
        out.drainTo(channel);
        read(channel);
    }

    private static int reports(SocketChannel channel) throws IOException {
        Message message = read(channel);
        if (message.kind == Frame.LARGE_REPORT) {
            return 1;
        }
        int count = 0;
        for (WireReader in = new WireReader(message.body); in.remaining() > 0; count++) {
            Report.read(in);
        }
        return count;
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Message(Frame kind, byte[] body) {
    }

    private static Message read(SocketChannel channel) throws IOException {
        ByteBuffer header = fill(channel, Frame.HEADER);
        int length = header.getInt() - 1;
        return new Message(Frame.of(header.get()), fill(channel, length).array());
    }

    private static ByteBuffer fill(SocketChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new IOException("the worker has ended");
            }
        }
        return bytes.flip();
    }
}
