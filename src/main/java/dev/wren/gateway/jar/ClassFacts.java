package dev.wren.gateway.jar;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a class file says about a class. All of it is read at once, so that damage shows then and not at some later
 * question.
 *
 * @param internalName with slashes
 * @param flags of access; a nested class's are where its outer class says
 * @param outer internal name of the class that this one is a member of
 * @param inner whether an instance of this class needs one of the outer class
 * @param superclass internal name; null for {@code java.lang.Object}
 * @param interfaces internal names
 * @param methods declared ones, constructors too
 * @param constants names of its public fields that are static and final, with their types
 */
record ClassFacts(String internalName, int flags, @Nullable String outer, boolean inner, @Nullable String superclass,
        List<String> interfaces, List<Method> methods, Map<String, ClassDesc> constants) {

    private static final int SHOWN = 200;

    ClassFacts {
        interfaces = List.copyOf(interfaces);
        methods = List.copyOf(methods);
        constants = Map.copyOf(constants);
    }

    /**
     * A method.
     *
     * @param name {@code <init>} for a constructor
     * @param flags of access
     * @param parameters their types
     * @param value the type of what it returns
     */
    record Method(String name, int flags, List<ClassDesc> parameters, ClassDesc value) {

        Method {
            parameters = List.copyOf(parameters);
        }

        boolean has(AccessFlag flag) {
            return (flags & flag.mask()) != 0;
        }

        /** Whether this method and one of a supertype that has the same signature are one. */
        Signature signature() {
            return new Signature(name, parameters);
        }
    }

    /**
     * What tells methods of a class apart, for the Java language.
     *
     * @param name the method's
     * @param parameters their types
     */
    record Signature(String name, List<ClassDesc> parameters) {
    }

    /**
     * Reads a class file.
     *
     * @throws RuntimeException of many kinds if it is damaged
     */
    static ClassFacts read(byte[] bytes) {
        ClassModel model = ClassFile.of().parse(bytes);
        String name = model.thisClass().asInternalName();
        Optional<InnerClassInfo> nested = model.findAttribute(Attributes.innerClasses())
                .stream()
                .flatMap(attribute -> attribute.classes().stream())
                .filter(info -> info.innerClass().asInternalName().equals(name))
                .findFirst();
        int flags = nested.map(InnerClassInfo::flagsMask).orElseGet(() -> model.flags().flagsMask());
        List<String> interfaces = model.interfaces().stream().map(ClassEntry::asInternalName).toList();
        List<Method> methods = new ArrayList<>();
        for (MethodModel method : model.methods()) {
            methods.add(new Method(method.methodName().stringValue(), method.flags().flagsMask(),
                    method.methodTypeSymbol().parameterList(), method.methodTypeSymbol().returnType()));
        }
        Map<String, ClassDesc> constants = new HashMap<>();
        for (FieldModel field : model.fields()) {
            if (field.flags().has(AccessFlag.PUBLIC) && field.flags().has(AccessFlag.STATIC)
                    && field.flags().has(AccessFlag.FINAL)) {
                constants.put(field.fieldName().stringValue(), field.fieldTypeSymbol());
            }
        }
        return new ClassFacts(name, flags,
                nested.flatMap(InnerClassInfo::outerClass).map(ClassEntry::asInternalName).orElse(null),
                nested.isPresent() && (flags & AccessFlag.STATIC.mask()) == 0,
                model.superclass().map(ClassEntry::asInternalName).orElse(null), interfaces, methods,
                constants);
    }

    /** For people: with dots. */
    String name() {
        return shown(internalName);
    }

    /** For people: with dots, and of a length and in characters that a message can have. */
    static String shown(String internalName) {
        String name = internalName.replace('/', '.').replaceAll("\\p{Cntrl}", "?");
        return name.length() <= SHOWN ? name : name.substring(0, SHOWN) + "…";
    }

    boolean has(AccessFlag flag) {
        return (flags & flag.mask()) != 0;
    }

    /** Whether one of its constants is an instance of a class. */
    boolean hasInstance(String constant, ClassFacts of) {
        ClassDesc type = constants.get(constant);
        return type != null && type.isClassOrInterface()
                && type.descriptorString().equals("L" + of.internalName + ";");
    }

    /** The super class and the interfaces. */
    List<String> supertypes() {
        List<String> names = new ArrayList<>();
        if (superclass != null) {
            names.add(superclass);
        }
        names.addAll(interfaces);
        return names;
    }
}
