package dev.wren.gateway.store;

/** Opens stores of one kind; each kind is a bean. */
public interface StoreKind {

    /** Whether a store of this kind is meant by {@code location}, the value of {@code wren.store}. */
    boolean accepts(String location);

    /** How a location of this kind looks, for people: {@code a folder}. */
    String form();

    /**
     * Opens the store.
     *
     * @throws StoreException if it cannot be used
     */
    ObjectStore open(String location);
}
