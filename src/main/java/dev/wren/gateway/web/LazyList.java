package dev.wren.gateway.web;

import java.util.AbstractList;
import java.util.function.IntFunction;

/**
 * A list whose items are made when they are asked for, and not kept: an answer of a thousand items has one of them in
 * memory at a time while it is written. As safe for use by several threads as what makes the items.
 */
public final class LazyList<T> extends AbstractList<T> {

    private final int size;
    private final IntFunction<T> maker;

    public LazyList(int size, IntFunction<T> maker) {
        this.size = size;
        this.maker = maker;
    }

    @Override
    public T get(int index) {
        return maker.apply(index);
    }

    @Override
    public int size() {
        return size;
    }
}
