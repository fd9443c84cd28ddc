package dev.wren.worker;

import dev.wren.protocol.jvm.Folders;
import dev.wren.worker.loader.FunctionLoaders;
import dev.wren.worker.run.WorkerClock;
import dev.wren.worker.run.WorkingFolder;
import dev.wren.worker.standalone.Standalone;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Starts a worker process. */
public final class WorkerMain {

    /** Exit code of a call with wrong arguments, as sysexits.h has it. */
    private static final int USAGE = 64;
    /** Exit code of a worker that has found itself to be broken. */
    private static final int BROKEN = 70;

    private static final String HELP = """
            usage: java -jar worker.jar local --folder FOLDER
               local  runs calls for the gateway that listens on the unix-domain socket FOLDER/socket;
                      FOLDER/progress is the file in which it says what it is at, FOLDER/output the file
                      that its standard output and error are appended to. FOLDER is this process's own:
                      it is removed when the gateway is gone
               standalone  joins a pool of machines; its options: standalone --help
               train  runs a few calls of its own and ends, for -XX:AOTCacheOutput; no options
            """;

    private WorkerMain() {
    }

    public static void main(String[] args) {
        if (args.length > 0 && "standalone".equals(args[0])) {
            Standalone.main(List.of(args).subList(1, args.length));
            return;
        }
        Map<String, String> options = args.length == 0 ? null : options(List.of(args).subList(1, args.length));
        if (options != null && "local".equals(args[0]) && options.keySet().equals(Set.of("--folder"))) {
            local(Path.of(options.get("--folder")));
        } else if (args.length == 1 && "train".equals(args[0])) {
            train();
        } else {
            System.err.print(HELP);
            System.exit(USAGE);
        }
    }

    private static @Nullable Map<String, String> options(List<String> args) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.size(); i += 2) {
            options.put(args.get(i), args.get(i + 1));
        }
        return args.size() % 2 == 0 ? options : null;
    }

    private static void local(Path folder) {
        FunctionLoaders.install();
        try {
            WorkingFolder work = new WorkingFolder(Path.of("").toAbsolutePath(),
                    Path.of(System.getProperty("java.io.tmpdir")));
            try {
                new LocalWorker(Connection.to(folder.resolve("socket")), WorkerClock.system(),
                        folder.resolve("progress"), () -> end(folder)).run(folder.resolve("output"), work);
            } catch (IOException e) {
                // The gateway does not listen, or not any more: there is nobody left to tell.
                end(folder);
            }
        } catch (Throwable t) {
            die(t);
        }
    }

    /** Workers end with their gateway, and one that was killed removes nothing: so this is done here. */
    private static void end(Path folder) {
        try {
            Folders.delete(folder);
            Path gateways = folder.toAbsolutePath().getParent();
            if (gateways != null) {
                // Succeeds for the last of its workers only.
                Files.deleteIfExists(gateways);
            }
        } catch (IOException e) {
            // The next gateway removes what is left.
        } finally {
            Runtime.getRuntime().halt(0);
        }
    }

    private static void train() {
        FunctionLoaders.install();
        try {
            Training.run();
        } catch (Throwable t) {
            die(t);
        }
    }

    /** Says what is wrong where the gateway looks for a dead worker's output, and ends the process. */
    static void die(Throwable t) {
        try {
            t.printStackTrace(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        } finally {
            Runtime.getRuntime().halt(BROKEN);
        }
    }
}
