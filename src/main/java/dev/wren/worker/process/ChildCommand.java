package dev.wren.worker.process;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How child JVMs are started.
 *
 * @param command the Java machine with its arguments, the class path and the main class
 */
record ChildCommand(List<String> command) {

    private static final String MAIN = "dev.wren.worker.WorkerMain";
    /** Variables of this process that functions see, as on the gateway's machine; none of them opens anything. */
    private static final Set<String> INHERITED = Set.of("PATH", "HOME", "LANG", "LC_ALL", "TZ");
    private static final int LEAST_HEAP_MB = 64;

    ChildCommand {
        command = List.copyOf(command);
    }

    /**
     * The Java machine of this process, with the same code.
     *
     * @param memoryMb of the machine or container, of which the children's heaps get most
     */
    static ChildCommand here(int memoryMb) {
        int heap = Math.max(LEAST_HEAP_MB, memoryMb * 6 / 10);
        return new ChildCommand(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap + "m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Djava.awt.headless=true",
                "--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED", "-cp", here(),
                MAIN));
    }

    /** The jar, or the folder of Lambda's, that this class is in: there it is on no class path. */
    private static String here() {
        try {
            return Path.of(ChildCommand.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a function sees: a few variables of this process, and those that its caller has given. */
    static Map<String, String> environment(Map<String, String> extra) {
        Map<String, String> all = new HashMap<>(System.getenv());
        all.keySet().retainAll(INHERITED);
        all.putAll(extra);
        return all;
    }
}
