package dev.wren.client;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Names of the variables that a lambda has captured, as its class file has them where it was compiled with its variables
 * ({@code -g}, as Maven does). JVMS 4: of a method's {@code Code}, the table of local variables.
 */
final class VariableNames {

    private static final int MAGIC = 0xcafebabe;

    private final DataInputStream in;
    private final String[] texts;

    private VariableNames(DataInputStream in) throws IOException {
        this.in = in;
        if (in.readInt() != MAGIC) {
            throw new IOException("no class file");
        }
        in.readInt();
        this.texts = new String[in.readUnsignedShort()];
        for (int i = 1; i < texts.length; i++) {
            i += constant(i);
        }
    }

    /**
     * The name of a captured variable; nothing if it is not known.
     *
     * @param index of the captured value, from 0
     */
    static Optional<String> of(Class<?> owner, String method, String descriptor, int index) {
        String file = owner.getName().substring(owner.getName().lastIndexOf('.') + 1) + ".class";
        try (InputStream bytes = owner.getResourceAsStream(file)) {
            return bytes == null
                    ? Optional.empty()
                    : Optional.ofNullable(new VariableNames(new DataInputStream(bytes)).find(method, descriptor,
                            slot(descriptor, index)));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** Values of {@code long} and {@code double} take two slots. */
    private static int slot(String descriptor, int index) {
        int slot = 0;
        int at = 1;
        for (int i = 0; i < index; i++) {
            char kind = descriptor.charAt(at);
            slot += kind == 'J' || kind == 'D' ? 2 : 1;
            while (descriptor.charAt(at) == '[') {
                at++;
            }
            at = descriptor.charAt(at) == 'L' ? descriptor.indexOf(';', at) + 1 : at + 1;
        }
        return slot;
    }

    /** Reads a constant; how many places it takes beyond its own. JVMS table 4.4-A. */
    private int constant(int at) throws IOException {
        int tag = in.readUnsignedByte();
        switch (tag) {
            case 1 -> texts[at] = in.readUTF();
            case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
            case 15 -> in.skipNBytes(3);
            case 5, 6 -> {
                in.skipNBytes(8);
                return 1;
            }
            default -> in.skipNBytes(4);
        }
        return 0;
    }

    private @Nullable String find(String method, String descriptor, int slot) throws IOException {
        in.skipNBytes(6);
        in.skipNBytes(2L * in.readUnsignedShort());
        for (int fields = in.readUnsignedShort(); fields > 0; fields--) {
            in.skipNBytes(6);
            skipAttributes();
        }
        for (int methods = in.readUnsignedShort(); methods > 0; methods--) {
            in.skipNBytes(2);
            String name = texts[in.readUnsignedShort()];
            String type = texts[in.readUnsignedShort()];
            if (!method.equals(name) || !descriptor.equals(type)) {
                skipAttributes();
                continue;
            }
            for (int attributes = in.readUnsignedShort(); attributes > 0; attributes--) {
                String attribute = texts[in.readUnsignedShort()];
                int length = in.readInt();
                if (!"Code".equals(attribute)) {
                    in.skipNBytes(length);
                    continue;
                }
                in.skipNBytes(4);
                in.skipNBytes(in.readInt());
                in.skipNBytes(8L * in.readUnsignedShort());
                return ofCode(slot);
            }
        }
        return null;
    }

    private @Nullable String ofCode(int slot) throws IOException {
        for (int attributes = in.readUnsignedShort(); attributes > 0; attributes--) {
            String name = texts[in.readUnsignedShort()];
            int length = in.readInt();
            if (!"LocalVariableTable".equals(name)) {
                in.skipNBytes(length);
                continue;
            }
            for (int variables = in.readUnsignedShort(); variables > 0; variables--) {
                int start = in.readUnsignedShort();
                in.skipNBytes(2);
                String variable = texts[in.readUnsignedShort()];
                in.skipNBytes(2);
                if (in.readUnsignedShort() == slot && start == 0) {
                    return variable;
                }
            }
        }
        return null;
    }

    private void skipAttributes() throws IOException {
        for (int left = in.readUnsignedShort(); left > 0; left--) {
            in.skipNBytes(2);
            in.skipNBytes(in.readInt());
        }
    }
}
