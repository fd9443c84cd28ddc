package dev.wren.gateway.jar;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.attribute.InnerClassesAttribute;
import java.lang.classfile.Attributes;
import java.lang.reflect.AccessFlag;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * The classes that a worker would see, read as class files: those of a jar, then the JDK's. Names are internal, with
 * slashes. Used by one thread.
 */
final class JarClasses implements AutoCloseable {

    /** Workers run on Java 25; its class files have the version 69, and each older Java's one less. */
    private static final int NEWEST_CLASS_FILE = 69;
    private static final int JAVA_OFFSET = 44;
    private static final int MAX_CLASS = 16 << 20;

    private final JarFile jar;
    private final List<String> excluded;
    private final Map<String, Optional<Type>> found = new HashMap<>();

    JarClasses(Path file, List<String> excludeModules) throws IOException {
        this.jar = new JarFile(file.toFile(), false, ZipFile.OPEN_READ, Runtime.version());
        this.excluded = excludeModules.stream().map(prefix -> prefix.replace('.', '/') + "/").toList();
    }

    /** A class file that no worker can load. */
    static final class UnreadableClassException extends RuntimeException {

        @Serial
        private static final long serialVersionUID = 1L;

        private final String detail;

        UnreadableClassException(String detail, @Nullable Throwable cause) {
            super(detail, cause);
            this.detail = detail;
        }

        @Override
        public String getMessage() {
            return detail;
        }
    }

    /** A class as its file says. */
    static final class Type {

        private final ClassModel model;

        private Type(ClassModel model) {
            this.model = model;
        }

        String name() {
            return internalName().replace('/', '.');
        }

        String internalName() {
            return model.thisClass().asInternalName();
        }

        /** Its access; that of a nested class is where its outer class says. */
        boolean has(AccessFlag flag) {
            Optional<InnerClassInfo> nested = nested();
            return nested.map(info -> info.has(flag)).orElseGet(() -> model.flags().has(flag));
        }

        Stream<MethodModel> methods() {
            return model.methods().stream();
        }

        private Optional<InnerClassInfo> nested() {
            return model.findAttribute(Attributes.innerClasses())
                    .map(InnerClassesAttribute::classes)
                    .orElse(List.of())
                    .stream()
                    .filter(info -> info.innerClass().asInternalName().equals(internalName()))
                    .findFirst();
        }

        private Optional<String> outerName() {
            return nested().flatMap(InnerClassInfo::outerClass).map(outer -> outer.asInternalName());
        }
    }

    /**
     * The class of that name; nothing if there is none.
     *
     * @throws UnreadableClassException if its file is damaged or too new
     */
    Optional<Type> find(String name) {
        Optional<Type> known = found.get(name);
        if (known == null) {
            known = read(name);
            found.put(name, known);
        }
        return known;
    }

    /** The classes that a nested class is in, from inside out. */
    List<Type> outer(Type type) {
        List<Type> all = new ArrayList<>();
        Optional<Type> outer = type.outerName().flatMap(this::find);
        while (outer.isPresent() && !all.contains(outer.get())) {
            all.add(outer.get());
            outer = outer.get().outerName().flatMap(this::find);
        }
        return all;
    }

    /** The class, its super classes and its interfaces, as far as they are to be found; nearer ones first. */
    List<Type> supertypes(Type type) {
        Map<String, Type> all = new LinkedHashMap<>();
        ArrayDeque<Type> next = new ArrayDeque<>(List.of(type));
        while (!next.isEmpty()) {
            Type each = next.removeFirst();
            if (all.putIfAbsent(each.internalName(), each) == null) {
                supers(each).forEach(name -> find(name).ifPresent(next::addLast));
            }
        }
        all.remove("java/lang/Object");
        return List.copyOf(all.values());
    }

    /** Whether the class is of that type, whose own file need not be there. */
    boolean isSubtype(Type type, String wanted) {
        return supertypes(type).stream()
                .anyMatch(each -> each.internalName().equals(wanted) || supers(each).contains(wanted));
    }

    private static List<String> supers(Type type) {
        List<String> names = new ArrayList<>();
        type.model.superclass().ifPresent(entry -> names.add(entry.asInternalName()));
        type.model.interfaces().forEach(entry -> names.add(entry.asInternalName()));
        return names;
    }

    private Optional<Type> read(String name) {
        try {
            byte[] bytes = bytes(name);
            if (bytes == null) {
                return Optional.empty();
            }
            int major = bytes.length < 8 ? 0 : ((bytes[6] & 0xff) << 8) | (bytes[7] & 0xff);
            if (major > NEWEST_CLASS_FILE) {
                throw new UnreadableClassException("The class " + name.replace('/', '.') + " was compiled for Java "
                        + (major - JAVA_OFFSET) + "; workers have Java " + (NEWEST_CLASS_FILE - JAVA_OFFSET) + ".",
                        null);
            }
            ClassModel model = ClassFile.of().parse(bytes);
            if (!model.thisClass().asInternalName().equals(name)) {
                return Optional.empty();
            }
            // All of it is parsed now, so that damage shows here and not at some later question.
            model.methods().forEach(method -> method.methodTypeSymbol());
            model.findAttribute(Attributes.innerClasses()).ifPresent(InnerClassesAttribute::classes);
            return Optional.of(new Type(model));
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new UnreadableClassException("The class file of " + name.replace('/', '.') + " is damaged.", e);
        }
    }

    private byte @Nullable [] bytes(String name) throws IOException {
        if (excluded.stream().noneMatch(name::startsWith)) {
            ZipEntry entry = jar.getEntry(name + ".class");
            if (entry != null) {
                try (InputStream in = jar.getInputStream(entry)) {
                    return in.readNBytes(MAX_CLASS);
                }
            }
        }
        if (name.startsWith("java/") || name.startsWith("javax/") || name.startsWith("jdk/")) {
            try (InputStream in = Object.class.getResourceAsStream("/" + name + ".class")) {
                return in == null ? null : in.readAllBytes();
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        jar.close();
    }
}
