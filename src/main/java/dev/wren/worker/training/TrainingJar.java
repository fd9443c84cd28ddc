package dev.wren.worker.training;

import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/**
 * A jar with {@link TrainingFunction}, as a user's would be.
 *
 * @param file where it is
 * @param sha256 its content, lower-case hex
 */
public record TrainingJar(Path file, String sha256) {

    /** The function's class. */
    public static final String FUNCTION = TrainingFunction.class.getName();
    /** What the function takes. */
    public static final String ORDER = """
            {"id":"7","kind":"LARGE","lines":[{"what":"a","count":2,"price":1.50},{"what":null,"count":1,
            "price":3}],"at":"2026-01-01T00:00:00Z","note":null,"weight":2.5}""";

    private static final List<Class<?>> CLASSES = List.of(TrainingFunction.class, TrainingFunction.Order.class,
            TrainingFunction.Line.class, TrainingFunction.Kind.class, TrainingFunction.Receipt.class);

    /** Writes it. */
    public static TrainingJar write(Path file) throws IOException {
        MessageDigest digest = Sha256.digest();
        try (OutputStream bytes = new DigestOutputStream(Files.newOutputStream(file), digest);
                JarOutputStream out = new JarOutputStream(bytes)) {
            for (Class<?> type : CLASSES) {
                String name = type.getName().replace('.', '/') + ".class";
                out.putNextEntry(new JarEntry(name));
                try (InputStream code = TrainingJar.class.getClassLoader().getResourceAsStream(name)) {
                    if (code == null) {
                        throw new IOException(name + " is not there");
                    }
                    code.transferTo(out);
                }
            }
        }
        return new TrainingJar(file, Sha256.hex(digest.digest()));
    }
}
