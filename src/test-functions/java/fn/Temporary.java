package fn;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Uses the folder of temporary files, and leaves something there. */
public class Temporary {

    /** Makes files, and tells the folder of each. */
    public static List<String> leave(int x) throws IOException {
        File old = File.createTempFile("left", ".so");
        Path file = Files.createTempFile("left", null);
        Path folder = Files.createTempDirectory("left");
        Files.writeString(folder.resolve("in"), "text");
        return Stream.of(old.toPath(), file, folder).map(path -> path.getParent().toString()).distinct().toList();
    }

    /** What is there. */
    public static List<String> look(int x) {
        return Arrays.asList(new File(System.getProperty("java.io.tmpdir")).list());
    }
}
