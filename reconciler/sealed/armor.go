package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// namespace is what a signature of a bundle is for: one that was made for something else does not count.
const namespace = "assay-bundle"

const (
	armorHead = "-----BEGIN SSH SIGNATURE-----\n"
	armorTail = "-----END SSH SIGNATURE-----\n"
	armorLine = 70 // characters
)

// blob is what the text of a signature holds (PROTOCOL.sshsig of OpenSSH). ssh-keygen judges it; here its parts are told apart.
type blob struct {
	keyType     string
	key         string // in base64
	fingerprint string // of the key, as ssh-keygen -l prints it
}

// dearmor reads the text of a signature, which has one form: programs pass over spaces and line ends, and a bundle has no byte that
// does not count.
func dearmor(text []byte) (blob, error) {
	body, ok1 := bytes.CutPrefix(text, []byte(armorHead))
	body, ok2 := bytes.CutSuffix(body, []byte(armorTail))
	raw, err := base64.StdEncoding.Strict().DecodeString(string(bytes.ReplaceAll(body, []byte("\n"), nil)))
	if !ok1 || !ok2 || err != nil || !bytes.Equal(armor(raw), text) {
		return blob{}, altered("%s is not the text of a signature", signatureFile)
	}
	rest, ok := bytes.CutPrefix(raw, []byte("SSHSIG\x00\x00\x00\x01")) // version 1
	var part [5]string                                                 // key, namespace, reserved, hash algorithm, signature
	for i := range part {
		if ok {
			part[i], rest, ok = cutString(rest)
		}
	}
	keyType, _, typed := cutString([]byte(part[0]))
	if !ok || !typed || len(rest) > 0 || part[2] != "" {
		return blob{}, altered("%s is no signature", signatureFile)
	}
	if part[1] != namespace {
		return blob{}, altered("its signature was made for %q, not for a bundle (%s)", part[1], namespace)
	}
	sum := sha256.Sum256([]byte(part[0]))
	return blob{keyType, base64.StdEncoding.EncodeToString([]byte(part[0])), "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])}, nil
}

// cutString takes a string off, as ssh writes it: its length in four bytes, and then that many.
func cutString(b []byte) (s string, rest []byte, ok bool) {
	if len(b) < 4 {
		return "", nil, false
	}
	n := int64(binary.BigEndian.Uint32(b))
	if b = b[4:]; n > int64(len(b)) {
		return "", nil, false
	}
	return string(b[:n]), b[n:], true
}

// armor is the text of a signature as ssh-keygen writes it.
func armor(raw []byte) []byte {
	var b bytes.Buffer
	b.WriteString(armorHead)
	text := base64.StdEncoding.EncodeToString(raw)
	for len(text) > 0 {
		n := min(armorLine, len(text))
		b.WriteString(text[:n])
		b.WriteByte('\n')
		text = text[n:]
	}
	b.WriteString(armorTail)
	return b.Bytes()
}
