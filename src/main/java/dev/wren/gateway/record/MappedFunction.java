package dev.wren.gateway.record;

import dev.wren.protocol.Invocation;
import java.util.List;

/**
 * What a map applies, as its caller wrote it.
 *
 * @param jars references of the class path, in order
 * @param handler {@code pkg.Class}, {@code pkg.Class::method} or {@code pkg.Class::method(descriptor)}
 * @param arguments a JSON array: the method's first parameters
 */
public record MappedFunction(List<String> jars, String handler, String arguments) {

    /** Nothing yet. */
    static final MappedFunction NONE = new MappedFunction(List.of(), "", Invocation.NO_ARGUMENTS);

    public MappedFunction {
        jars = List.copyOf(jars);
    }
}
