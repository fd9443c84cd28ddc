package fn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** As which user of the operating system it runs, whether it can write to its folder, and which paths it can list or read. */
public class WhoAmI implements Function<List<String>, List<Object>> {
    @Override
    public List<Object> apply(List<String> paths) {
        try {
            String uid = Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("Uid:")).findFirst().orElseThrow().split("\\s+")[1];
            Files.writeString(Path.of("mine"), "x");
            return List.of(Integer.parseInt(uid), paths.stream().map(path -> Files.isReadable(Path.of(path))).toList());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
