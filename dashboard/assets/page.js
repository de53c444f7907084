// Niceties on top of pages that work without them: live figures, copying, the device's time zone and clock.

// Live figures. The connection ends while nobody looks, so that an idle kit is left alone.
const places = [...document.querySelectorAll('[data-live]')]
let stream
function listen() {
  if (document.hidden) {
    stream?.close()
    stream = undefined
  } else if (!stream) {
    stream = new EventSource('/live')
    stream.onmessage = ({ data }) => {
      const texts = JSON.parse(data)
      for (const place of places) {
        const text = texts[place.dataset.live]
        if (text !== undefined && place.textContent !== text) place.textContent = text
      }
    }
  }
}
if (places.length > 0) {
  document.addEventListener('visibilitychange', listen)
  listen()
}

// A link to something that is folded away opens it, also in browsers that do not do so by themselves.
function unfold() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null
  const fold = target?.closest('details')
  if (!fold || fold.open) return
  fold.open = true
  target.scrollIntoView()
}
addEventListener('hashchange', unfold)
unfold()

for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) continue
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent)
    button.textContent = document.body.dataset.copied
  })
}

// The zone of the device is a better first guess than the kit's, unless somebody has chosen already.
const zone = document.querySelector('[data-guess-timezone] select')
if (zone?.value === 'UTC') {
  const guess = Intl.DateTimeFormat().resolvedOptions().timeZone
  if ([...zone.options].some((option) => option.value === guess)) zone.value = guess
}

// The device's clock, to the second at the moment of sending, unless the time was written by hand.
const time = document.querySelector('[data-device-time]')
if (time && time.value === '') {
  const now = new Date()
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000)
  time.value = local.toISOString().slice(0, 16).replace('T', ' ')
  const shown = time.value
  const seconds = time.form.querySelector('[data-device-seconds]')
  time.form.addEventListener('submit', () => {
    seconds.value = time.value === shown ? Math.round(Date.now() / 1000) : ''
  })
}

// A form that takes long is sent once.
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault()
    form.dataset.sent = 'yes'
    form.setAttribute('aria-busy', 'true')
  })
}
window.addEventListener('pageshow', () => {
  for (const form of document.forms) {
    delete form.dataset.sent
    form.removeAttribute('aria-busy')
  }
})
