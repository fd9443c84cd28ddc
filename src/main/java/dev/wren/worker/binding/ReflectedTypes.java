package dev.wren.worker.binding;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;

/** Types as the JDK has them, of which every binding can make its own. */
final class ReflectedTypes {

    private ReflectedTypes() {
    }

    /** The same type. */
    static Type of(JavaType type) {
        if (type.isArrayType()) {
            Type content = of(type.getContentType());
            return content instanceof Class<?> each ? Array.newInstance(each, 0).getClass() : new ArrayOf(content);
        }
        List<JavaType> parameters = type.getBindings().getTypeParameters();
        return parameters.isEmpty()
                ? type.getRawClass()
                : new Parameterized(type.getRawClass(), parameters.stream().map(ReflectedTypes::of).toList());
    }

    private record Parameterized(Class<?> raw, List<Type> parameters) implements ParameterizedType {

        @Override
        public Type[] getActualTypeArguments() {
            return parameters.toArray(Type[]::new);
        }

        @Override
        public Type getRawType() {
            return raw;
        }

        @Override
        public @Nullable Type getOwnerType() {
            return raw.getDeclaringClass();
        }
    }

    private record ArrayOf(Type content) implements GenericArrayType {

        @Override
        public Type getGenericComponentType() {
            return content;
        }
    }
}
