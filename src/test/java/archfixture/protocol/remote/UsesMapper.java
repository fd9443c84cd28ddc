package archfixture.protocol.remote;

/** Breaks: the protocol with far workers uses the JDK and a parser alone. */
public class UsesMapper {
    tools.jackson.databind.JsonNode node;
}
