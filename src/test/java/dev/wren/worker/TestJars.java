package dev.wren.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The jars that tests of the worker run. */
public final class TestJars {

    /** The version of Jackson 2 that {@link #withOtherJackson} bundles: the one that is on the tests' class path. */
    public static final String OTHER_JACKSON = com.fasterxml.jackson.databind.cfg.PackageVersion.VERSION.toString();

    private static final String HOW = "./mvnw process-test-classes builds it";

    private TestJars() {
    }

    /** The worker. */
    public static Path worker() {
        return there(Path.of(System.getProperty("test.wren.worker", "target/classes/META-INF/wren-worker.jar")));
    }

    /** The test functions. */
    public static Path functions() {
        String jar = System.getProperty("test.wren.functions");
        if (jar != null) {
            return there(Path.of(jar));
        }
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            return files.filter(file -> file.toString().endsWith("-functions.jar")).findAny().map(TestJars::there)
                    .orElseThrow(() -> new IllegalStateException("no target/*-functions.jar: " + HOW));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path there(Path jar) {
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar + " is not there: " + HOW);
        }
        return jar.toAbsolutePath();
    }

    /** A jar of a function that uses Jackson 2, and of Jackson 2, unpacked in it as the shade plugin would. */
    static Path withOtherJackson(Path folder) throws IOException {
        Path source = Files.writeString(folder.resolve("UsesJackson.java"), """
                package own;

                import com.fasterxml.jackson.databind.ObjectMapper;
                import com.fasterxml.jackson.databind.cfg.PackageVersion;
                import java.util.Map;

                public class UsesJackson implements java.util.function.Function<Map<String, Object>, String> {
                    @Override
                    public String apply(Map<String, Object> x) {
                        try {
                            return PackageVersion.VERSION + " " + new ObjectMapper().writeValueAsString(x);
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    }
                }
                """);
        List<Path> libraries = List.of(jarOf(com.fasterxml.jackson.databind.ObjectMapper.class),
                jarOf(com.fasterxml.jackson.core.JsonFactory.class),
                jarOf(com.fasterxml.jackson.annotation.JsonProperty.class));
        String classPath = String.join(java.io.File.pathSeparator, libraries.stream().map(Path::toString).toList());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Path classes = Files.createDirectory(folder.resolve("own-classes"));
        if (compiler.run(null, null, null, "-cp", classPath, "-d", classes.toString(), source.toString()) != 0) {
            throw new IllegalStateException("does not compile");
        }
        Path jar = folder.resolve("own.jar");
        Set<String> seen = new TreeSet<>();
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("own/UsesJackson.class"));
            Files.copy(classes.resolve("own/UsesJackson.class"), out);
            for (Path library : libraries) {
                copy(library, out, seen);
            }
        }
        return jar;
    }

    private static void copy(Path library, JarOutputStream out, Set<String> seen) throws IOException {
        try (JarFile in = new JarFile(library.toFile())) {
            for (JarEntry entry : (Iterable<JarEntry>) in.stream()::iterator) {
                if (!entry.isDirectory() && !entry.getName().startsWith("META-INF/") && seen.add(entry.getName())) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    try (InputStream bytes = in.getInputStream(entry)) {
                        bytes.transferTo((OutputStream) out);
                    }
                }
            }
        }
    }

    private static Path jarOf(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }
}
