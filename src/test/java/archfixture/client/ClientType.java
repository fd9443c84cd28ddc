package archfixture.client;

/** A type of the client's. */
public class ClientType {
}
