package dev.wren.worker;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;

/** A jar as users build it: of sources and libraries, in the layouts of their tools. */
public final class UserJar {

    private static final String SERVICES = "META-INF/services/";

    private final Path folder;
    private final Map<String, String> sources = new LinkedHashMap<>();
    private final Set<Path> libraries = new LinkedHashSet<>();
    private final Set<Path> compileOnly = new LinkedHashSet<>();

    /**
     * @param folder to work in
     */
    public UserJar(Path folder) {
        this.folder = folder;
    }

    /** A class of the package {@code own}. */
    public UserJar source(String name, String body) {
        sources.put(name, "package own;\n" + body);
        return this;
    }

    /** The library that a class is in. */
    public UserJar with(Class<?> type) {
        libraries.add(jarOf(type));
        return this;
    }

    /** The same for a library that is there when it is compiled alone. */
    public UserJar compiledWith(Class<?> type) {
        compileOnly.add(jarOf(type));
        return this;
    }

    /** The same for a jar. */
    public UserJar with(Path jar) {
        libraries.add(jar);
        return this;
    }

    /** The jar that a class of the tests' class path is in. */
    public static Path jarOf(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    /** Name of an entry, and its bytes. */
    public record Entry(String name, byte[] bytes) {

        /** An entry of text. */
        public static Entry of(String name, String text) {
            return new Entry(name, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** The classes alone. */
    public List<Entry> classes() {
        try {
            Path work = Files.createTempDirectory(folder, "user-jar-");
            List<String> command = new ArrayList<>(List.of("-parameters", "-nowarn", "-proc:none", "-d",
                    Files.createDirectory(work.resolve("classes")).toString(), "-cp",
                    String.join(File.pathSeparator, Stream.concat(libraries.stream(), compileOnly.stream())
                            .map(Path::toString).toList())));
            for (Map.Entry<String, String> source : sources.entrySet()) {
                command.add(Files.writeString(work.resolve(source.getKey() + ".java"), source.getValue()).toString());
            }
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            if (ToolProvider.getSystemJavaCompiler().run(null, said, said, command.toArray(String[]::new)) != 0) {
                throw new IllegalStateException("does not compile: " + said.toString(StandardCharsets.UTF_8));
            }
            List<Entry> entries = new ArrayList<>();
            try (Stream<Path> files = Files.walk(work.resolve("classes"))) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    entries.add(new Entry(work.resolve("classes").relativize(file).toString(),
                            Files.readAllBytes(file)));
                }
            }
            return entries;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Classes and what is in the libraries, side by side, with services of one name put together. */
    public Path flat() {
        Map<String, byte[]> all = new LinkedHashMap<>();
        classes().forEach(entry -> all.put(entry.name, entry.bytes));
        for (Path library : libraries) {
            for (Entry entry : entries(library)) {
                boolean service = entry.name.startsWith(SERVICES);
                if (service || (!entry.name.startsWith("META-INF/") && !entry.name.equals("module-info.class"))) {
                    all.merge(entry.name, entry.bytes, (one, two) -> service ? join(one, two) : one);
                }
            }
        }
        return write(all.entrySet().stream().map(each -> new Entry(each.getKey(), each.getValue())).toList());
    }

    private static byte[] join(byte[] one, byte[] two) {
        return (new String(one, StandardCharsets.UTF_8) + "\n" + new String(two, StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8);
    }

    /** As AWS Lambda has it: classes, and the libraries in {@code lib}. */
    public Path lambda() {
        List<Entry> all = new ArrayList<>(classes());
        libraries.forEach(library -> all.add(new Entry("lib/" + library.getFileName(), bytes(library))));
        return write(all);
    }

    /** As Spring Boot has it. */
    public Path boot() {
        List<Entry> all = new ArrayList<>();
        all.add(Entry.of("META-INF/MANIFEST.MF",
                "Manifest-Version: 1.0\nMain-Class: org.springframework.boot.loader.launch.JarLauncher\n"));
        classes().forEach(entry -> all.add(new Entry("BOOT-INF/classes/" + entry.name, entry.bytes)));
        libraries.forEach(library -> all.add(new Entry("BOOT-INF/lib/" + library.getFileName(), bytes(library))));
        return write(all);
    }

    /** Writes a zip file, in which a name may be there twice. */
    public Path write(List<Entry> entries) {
        try {
            Path jar = Files.createTempFile(folder, "user-", ".jar");
            // What the JDK's writer refuses is done afterwards: a name of the same length takes the other's place.
            Map<String, Integer> seen = new LinkedHashMap<>();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            Map<String, String> renamed = new LinkedHashMap<>();
            try (ZipOutputStream out = new ZipOutputStream(bytes)) {
                for (Entry entry : entries) {
                    String name = entry.name;
                    int before = seen.merge(name, 1, Integer::sum);
                    if (before > 1) {
                        String other = "\u007f" + name.substring(1, name.length() - 1) + before;
                        renamed.put(other, name);
                        name = other;
                    }
                    put(out, name, entry.bytes);
                }
            }
            byte[] zip = bytes.toByteArray();
            renamed.forEach((from, to) -> replace(zip, from, to));
            return Files.write(jar, zip);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void put(ZipOutputStream out, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        out.putNextEntry(entry);
        ((OutputStream) out).write(bytes);
        out.closeEntry();
    }

    private static void replace(byte[] zip, String from, String to) {
        byte[] old = from.getBytes(StandardCharsets.UTF_8);
        byte[] now = to.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i + old.length <= zip.length; i++) {
            if (Arrays.equals(zip, i, i + old.length, old, 0, old.length)) {
                System.arraycopy(now, 0, zip, i, now.length);
            }
        }
    }

    /** All files of a jar. */
    public static List<Entry> entries(Path jar) {
        try (JarFile in = new JarFile(jar.toFile())) {
            List<Entry> all = new ArrayList<>();
            for (JarEntry entry : (Iterable<JarEntry>) in.stream()::iterator) {
                if (!entry.isDirectory()) {
                    try (InputStream bytes = in.getInputStream(entry)) {
                        all.add(new Entry(entry.getName(), bytes.readAllBytes()));
                    }
                }
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
