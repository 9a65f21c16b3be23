package v1alpha1

// Values of a service's auth.
const (
	AuthKey  = "key"
	AuthNone = "none"
)

// Names of the secrets that hold a key which the manifest gives itself. VLLMKey is also vLLM's own variable, and LlamaKey that of llama.cpp.
const (
	VLLMKey   = "VLLM_API_KEY"
	SGLangKey = "SGLANG_API_KEY"
	LlamaKey  = "LLAMA_API_KEY"
	ChromaKey = "CHROMA_TOKEN"
)

var keyNames = map[string]string{"vllm": VLLMKey, "sglang": SGLangKey, "llamacpp": LlamaKey, "chroma": ChromaKey}

// keyName is the secret that holds the key of a service's clients; "" for a kind that has none.
func (s Service) keyName() string { return keyNames[s.Type()] }

// auth checks what a manifest says about keys.
func (c *checker) auth(path string, s Service) {
	name := s.keyName()
	if _, given := s.Env[name]; given && name != "" {
		c.bad(path+".env["+name+"]", "a key has no place in env, which everybody sees who may read the manifest", "declare it under secrets, or leave it out: assay makes one")
	}
	if s.VLLM != nil && s.VLLM.Insecure {
		c.warn(path+".vllm.insecure", "on several nodes, with a Ray older than 2.52, every user of the cluster can run programs as you", "use a newer Ray, and remove it")
	}
	_, given := s.Secrets[name]
	switch {
	case s.Auth == "" || s.External != nil || s.Lustre != nil: // jobless refuses it
	case name == "":
		c.bad(path+".auth", "has no meaning for a service of type "+s.Type(), "it is for model servers and chroma")
	case s.Auth == AuthNone && given:
		c.bad(path+".auth", "none contradicts the secret "+name, "remove one")
	case s.Auth == AuthNone:
		c.warn(path+".auth", "anybody who reaches the node's ports can use this server without a key", "remove auth, and assay makes one")
	}
}
